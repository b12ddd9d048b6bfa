#!/usr/bin/env bash
# Runs all of Bastide on this machine without Docker: our own processes on a private MariaDB and Redis, and
# services/sandbox for the outside world. Nothing of it survives the end of this script.
set -euo pipefail

# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=scripts/lib/servers.sh
source "$ROOT/scripts/lib/servers.sh"
# shellcheck source=scripts/lib/install.sh
source "$ROOT/scripts/lib/install.sh"
# shellcheck source=scripts/lib/stack.sh
source "$ROOT/scripts/lib/stack.sh"

usage() {
  cat <<'TEXT'
Usage: scripts/quickstart.sh [--once] [--keep-logs DIR] [--step-ms N]

  (no option)      start everything, print where it is, run until Ctrl-C
  --once           take the tour through the public API, print each step with its time, then stop; exit 0 if all of it worked
  --keep-logs DIR  copy the processes' logs there at the end
  --step-ms N      how long each step of the stand-in for `bench` takes (default 150)

Existing servers instead of private ones (both users must be allowed to make databases):
  QUICKSTART_DATABASE_URL=mysql://root:password@host:3306/  QUICKSTART_REDIS_URL=redis://host:6379/0
TEXT
}

ONCE=false
KEEP_LOGS=''
STEP_MS=150
RUN=''
DATABASE_HOST=127.0.0.1

main() {
  parse_arguments "$@"
  local started=$SECONDS
  ensure_installed node mariadb redis curl
  ensure_libraries
  ensure_dashboard
  remove_leftovers
  RUN=$(mktemp -d "${TMPDIR:-/tmp}/bastide-quickstart.XXXXXX")
  chmod 711 "$RUN"
  # At once with its content: another start that reads it half-written would take this folder for a dead one's.
  echo $$ >"$RUN/pid.new"
  mv "$RUN/pid.new" "$RUN/pid"
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  mkdir -p "$RUN/logs"
  choose_ports
  start_stores
  write_environment
  start_stack
  log "Ready after $((SECONDS - started)) s"
  if $ONCE; then take_the_tour; else stay; fi
}

parse_arguments() {
  while (($# > 0)); do
    case $1 in
      --once) ONCE=true ;;
      --keep-logs)
        KEEP_LOGS=${2:?--keep-logs needs a folder}
        shift
        ;;
      --step-ms)
        STEP_MS=${2:?--step-ms needs a number}
        shift
        ;;
      -h | --help)
        usage
        exit 0
        ;;
      *) wrong_usage "unknown option $1" ;;
    esac
    shift
  done
}

# Folders of quick starts that were killed with SIGKILL, and so could not clean up.
remove_leftovers() {
  local folder
  for folder in "${TMPDIR:-/tmp}"/bastide-quickstart.*; do
    [[ -s $folder/pid && -O $folder ]] || continue
    kill -0 "$(<"$folder/pid")" 2>/dev/null || rm -rf "$folder"
  done
}

clean_up() {
  local status=$?
  trap - EXIT INT TERM
  if [[ -n $KEEP_LOGS && -d $RUN/logs ]]; then
    mkdir -p "$KEEP_LOGS"
    cp -r "$RUN/logs/." "$KEEP_LOGS/"
  fi
  stop_processes
  [[ -n ${REDIS_PID:-} ]] && stop_process "$REDIS_PID"
  drop_foreign_databases
  [[ -n ${MARIADB_PID:-} ]] && stop_process "$MARIADB_PID"
  remove_folder "$RUN"
  exit "$status"
}

choose_ports() {
  local ports
  mapfile -t ports < <(free_ports 16)
  API_PORT=${ports[0]} WORKER_PORT=${ports[1]} GATEWAY_PORT=${ports[2]} RUNNER_PORT=${ports[3]}
  OIDC_PORT=${ports[4]} LAGO_PORT=${ports[5]} STRIPE_PORT=${ports[6]} CHARGILY_PORT=${ports[7]} LLM_PORT=${ports[8]}
  SITES_PORT=${ports[9]} SMTP_PORT=${ports[10]} CONTROL_PORT=${ports[11]} MARIADB_PORT=${ports[12]} REDIS_PORT=${ports[13]}
  ANTHROPIC_PORT=${ports[14]} GEMINI_PORT=${ports[15]}
}

random_hex() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }

start_stores() {
  ROOT_USER=root
  ROOT_PASSWORD=$(random_hex 16)
  DATABASE=bastide_$(random_hex 4)
  if [[ -n ${QUICKSTART_DATABASE_URL:-} ]]; then
    parse_database_url "$QUICKSTART_DATABASE_URL"
  else
    log "Starting a private MariaDB"
    start_mariadb "$RUN/mariadb" "$MARIADB_PORT" "$ROOT_PASSWORD"
  fi
  sql "create database $DATABASE character set utf8mb4 collate utf8mb4_unicode_ci"
  REDIS=${QUICKSTART_REDIS_URL:-redis://127.0.0.1:$REDIS_PORT/0}
  if [[ -z ${QUICKSTART_REDIS_URL:-} ]]; then start_redis "$RUN/redis" "$REDIS_PORT"; fi
}

parse_database_url() {
  local parts
  mapfile -t parts < <(node -e '
    const u = new URL(process.argv[1]);
    for (const v of [u.hostname, u.port || "3306", u.username, u.password]) console.log(decodeURIComponent(v));' "$1")
  DATABASE_HOST=${parts[0]} MARIADB_PORT=${parts[1]} ROOT_USER=${parts[2]} ROOT_PASSWORD=${parts[3]}
}

sql() { MYSQL_PWD=$ROOT_PASSWORD mariadb --no-defaults -h "$DATABASE_HOST" -P "$MARIADB_PORT" -u "$ROOT_USER" -N -e "$1"; }

# On a server that is not ours, take back what this run has made there.
drop_foreign_databases() {
  [[ -n ${QUICKSTART_DATABASE_URL:-} && -n ${DATABASE:-} ]] || return 0
  local config name
  for config in "$RUN"/bench/sites/*/site_config.json; do
    [[ -f $config ]] || continue
    name=$(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1], "utf8")).db_name' "$config")
    sql "drop database if exists \`$name\`; drop user if exists \`$name\`@\`%\`" || true
  done
  sql "drop database if exists $DATABASE" || true
}

write_environment() {
  local app=http://localhost:$API_PORT name
  LLM_UPSTREAM_KEY=sk-upstream-$(random_hex 12)
  # A provider's key that happens to be in the shell would be used, and billed. Who wants one says so: LLM_PROVIDER_KEYS.
  for name in $(compgen -e); do [[ $name != *_API_KEY ]] || unset "$name"; done
  export NODE_COMPILE_CACHE=${NODE_COMPILE_CACHE:-$ROOT/node_modules/.cache/bastide}
  # What production sets in .env and file secrets; nothing here tells our processes that they are in a sandbox.
  export NODE_ENV=development LOG_LEVEL=info HOST=127.0.0.1 \
    API_PORT WORKER_PORT GATEWAY_PORT \
    PUBLIC_URL=$app GATEWAY_PUBLIC_URL=http://localhost:$GATEWAY_PORT/v1 \
    SITES_DOMAIN=sites.localhost SITE_URL_TEMPLATE="http://{site}:$SITES_PORT" SITES_EDGE_URL=http://127.0.0.1:$SITES_PORT \
    DASHBOARD_DIR=$ROOT/services/dashboard/dist DATA_DIR=$RUN/data \
    DATABASE_URL=mysql://$ROOT_USER:$ROOT_PASSWORD@$DATABASE_HOST:$MARIADB_PORT/$DATABASE \
    REDIS_URL=$REDIS REDIS_PREFIX=${DATABASE//_/-} \
    OIDC_ISSUER_URL=http://localhost:$OIDC_PORT OIDC_CLIENT_ID=bastide-dashboard OIDC_CLIENT_SECRET \
    OIDC_AUDIENCE=bastide-api SESSION_COOKIE_NAME=__Host-bastide-$API_PORT ENCRYPTION_KEY \
    LAGO_API_URL=http://127.0.0.1:$LAGO_PORT LAGO_API_KEY LAGO_WEBHOOK_HMAC_KEY USAGE_FLUSH_MS=2000 BILLING_RECONCILE_MS=20000 \
    STRIPE_API_URL=http://127.0.0.1:$STRIPE_PORT STRIPE_SECRET_KEY STRIPE_WEBHOOK_SECRET \
    CHARGILY_API_URL=http://127.0.0.1:$CHARGILY_PORT CHARGILY_SECRET_KEY \
    SMTP_URL=smtp://127.0.0.1:$SMTP_PORT MAIL_FROM='Bastide <no-reply@bastide.localhost>' \
    FRAPPE_AGENT_URL=http://127.0.0.1:$RUNNER_PORT FRAPPE_AGENT_TOKEN FRAPPE_BENCH=bench-0001 \
    SITES_DB_ROOT_PASSWORD=$ROOT_PASSWORD \
    LLM_UPSTREAM_URL=http://127.0.0.1:$LLM_PORT/v1 LLM_UPSTREAM_KEY \
    LLM_PROVIDER_URLS="anthropic=http://127.0.0.1:$ANTHROPIC_PORT/v1,gemini=http://127.0.0.1:$GEMINI_PORT/v1beta" \
    ANTHROPIC_API_KEY=$LLM_UPSTREAM_KEY GEMINI_API_KEY=$LLM_UPSTREAM_KEY LLM_PRICES_FILE=$ROOT/services/sandbox/llm-prices.yaml
  OIDC_CLIENT_SECRET=$(random_hex 16) LAGO_API_KEY=$(random_hex 16) LAGO_WEBHOOK_HMAC_KEY=$(random_hex 16)
  STRIPE_SECRET_KEY=sk_test_$(random_hex 12) STRIPE_WEBHOOK_SECRET=whsec_$(random_hex 16)
  CHARGILY_SECRET_KEY=test_sk_$(random_hex 12)
  FRAPPE_AGENT_TOKEN=$(random_hex 16)
  ENCRYPTION_KEY=$(head -c 32 /dev/urandom | base64 -w0)
}

start_sandbox() {
  run_process sandbox env \
    SANDBOX_OIDC_PORT="$OIDC_PORT" SANDBOX_LAGO_PORT="$LAGO_PORT" SANDBOX_STRIPE_PORT="$STRIPE_PORT" \
    SANDBOX_CHARGILY_PORT="$CHARGILY_PORT" SANDBOX_LLM_PORT="$LLM_PORT" \
    SANDBOX_ANTHROPIC_PORT="$ANTHROPIC_PORT" SANDBOX_GEMINI_PORT="$GEMINI_PORT" \
    SANDBOX_SITES_PORT="$SITES_PORT" SANDBOX_SMTP_PORT="$SMTP_PORT" SANDBOX_CONTROL_PORT="$CONTROL_PORT" \
    SANDBOX_OIDC_PUBLIC_URL="$OIDC_ISSUER_URL" SANDBOX_OIDC_AUDIENCE="$OIDC_AUDIENCE" \
    SANDBOX_OIDC_CLIENT_ID="$OIDC_CLIENT_ID" SANDBOX_OIDC_CLIENT_SECRET="$OIDC_CLIENT_SECRET" \
    SANDBOX_OIDC_REDIRECT_URIS="$PUBLIC_URL/auth/callback" SANDBOX_OIDC_POST_LOGOUT_REDIRECT_URIS="$PUBLIC_URL/" \
    SANDBOX_OIDC_BACKCHANNEL_LOGOUT_URI="$PUBLIC_URL/auth/backchannel-logout" \
    SANDBOX_LAGO_API_KEY="$LAGO_API_KEY" SANDBOX_LAGO_HMAC_KEY="$LAGO_WEBHOOK_HMAC_KEY" \
    SANDBOX_STRIPE_SECRET_KEY="$STRIPE_SECRET_KEY" SANDBOX_STRIPE_WEBHOOK_SECRET="$STRIPE_WEBHOOK_SECRET" \
    SANDBOX_STRIPE_WEBHOOK_URL="$PUBLIC_URL/webhooks/stripe" SANDBOX_CHARGILY_SECRET_KEY="$CHARGILY_SECRET_KEY" \
    SANDBOX_LLM_API_KEY="$LLM_UPSTREAM_KEY" SANDBOX_SITES_DIR="$RUN/bench/sites" \
    node "$ROOT/services/sandbox/src/main.ts"
}

start_bench-runner() {
  mkdir -p "$RUN/bench/sites" "$RUN/runner"
  printf '{"db_host": "%s", "db_port": %s}\n' "$DATABASE_HOST" "$MARIADB_PORT" >"$RUN/bench/sites/common_site_config.json"
  run_process bench-runner env \
    BENCH_RUNNER_HOST=127.0.0.1 BENCH_RUNNER_PORT="$RUNNER_PORT" BENCH_RUNNER_TOKEN="$FRAPPE_AGENT_TOKEN" \
    BENCH_NAME="$FRAPPE_BENCH" BENCH_DIR="$RUN/bench" BENCH_COMMAND="$ROOT/services/sandbox/bin/bench" \
    BENCH_DB_HOST="$DATABASE_HOST" BENCH_DB_PORT="$MARIADB_PORT" BENCH_RUNNER_DATA="$RUN/runner" \
    FAKE_BENCH_STEP_MS="$STEP_MS" \
    node --disable-warning=ExperimentalWarning "$ROOT/services/bench-runner/src/main.ts"
}

start_api() { run_process api node src/main/api.ts; }
start_worker() { run_process worker node src/main/worker.ts; }
start_gateway() { run_process gateway node src/main/gateway.ts; }

start_stack() {
  local orchestrator=$ROOT/services/orchestrator
  log "Starting the stand-ins and our services"
  mkdir -p "$DATA_DIR"
  start_sandbox
  start_bench-runner
  cd "$orchestrator"
  node src/main/migrate.ts >"$RUN/logs/migrate.log" 2>&1 || {
    show_log migrate
    die "the database could not be migrated"
  }
  wait_for sandbox "http://127.0.0.1:$LAGO_PORT/health"
  start_api
  start_worker
  start_gateway
  node src/main/catalogue.ts apply >"$RUN/logs/catalogue.log" 2>&1 || {
    show_log catalogue
    die "the catalogue could not be applied"
  }
  wait_for api "http://127.0.0.1:$API_PORT/readyz"
  wait_for worker "http://127.0.0.1:$WORKER_PORT/readyz"
  wait_for gateway "http://127.0.0.1:$GATEWAY_PORT/readyz"
  wait_for bench-runner "http://127.0.0.1:$RUNNER_PORT/healthz"
}

take_the_tour() {
  TOUR_CONTROL_URL=http://127.0.0.1:$CONTROL_PORT TOUR_SITES_URL=$SITES_EDGE_URL \
    node "$ROOT/scripts/tour/tour.ts" || {
    local name
    for name in api worker gateway bench-runner sandbox; do show_log "$name"; done
    die "the tour did not get through; the ends of the logs are above (--keep-logs DIR keeps them)"
  }
}

stay() {
  cat <<TEXT

  Bastide is running.

    Dashboard      $PUBLIC_URL
    Sign in as     owner@example.test   password: demo-password
                   (or any other address with a password of 8 characters: that signs up a new person)
    LLM gateway    $GATEWAY_PUBLIC_URL
    API            $PUBLIC_URL/openapi.json
    Outside world  http://localhost:$CONTROL_PORT   (mails, payments, faults, clock)
    Sites          http://<tenant>.sites.localhost:$SITES_PORT

    Processes      api, worker, gateway, bench-runner, sandbox, MariaDB (port $MARIADB_PORT), Redis (port $REDIS_PORT)
    Logs           $RUN/logs

  Ctrl-C stops all of it and removes its data.

TEXT
  local dead
  while true; do
    sleep 2 &
    wait $! || true
    dead=$(dead_process)
    case $dead in
      '') ;;
      sandbox)
        show_log "$dead"
        die "the sandbox has stopped, and what it knew of the outside world is gone"
        ;;
      *)
        log "$dead has stopped; starting it again"
        "start_$dead"
        ;;
    esac
  done
}

main "$@"
