# shellcheck shell=bash
# Waiting for containers with a line of progress a second, and explaining one that stays red.

# wait_healthy CODE SECONDS SERVICE…: until each is healthy, runs without a healthcheck, or has ended with 0. Tells which
# ones are waited for; stops at once when one has ended badly for good, and after SECONDS in any case.
wait_healthy() {
  local code=$1 limit=$2 started=$SECONDS waiting dead
  shift 2
  while true; do
    waiting=$(not_settled "$@")
    if [[ -z $waiting ]]; then
      progress_end
      to_log "healthy after $((SECONDS - started)) s: $*"
      return 0
    fi
    dead=$(given_up "$@")
    if [[ -n $dead ]]; then not_started "$code" "$dead" "ended instead of staying up"; fi
    if ((SECONDS - started >= limit)); then not_started "$code" "$waiting" "did not become healthy within $limit s"; fi
    progress "$((SECONDS - started)) s" "$waiting"
    sleep 1
  done
}

# not_settled SERVICE…: those that are not healthy, nor running without a healthcheck, nor a one-shot that ended well. A
# one-shot that still runs is not settled.
not_settled() {
  container_states | awk -F'\t' -v services="$*" '
    { seen[$1] = 1 }
    !(($2 == "running" && ($3 == "healthy" || ($3 == "-" && $10 != "no"))) || ($2 == "exited" && $4 == 0 && $10 == "no")) { bad[$1] = 1 }
    END { n = split(services, s, " "); for (i = 1; i <= n; i++) if (!seen[s[i]] || bad[s[i]]) print s[i] }'
}

# Those that ended with an error and that Docker will not start again.
given_up() {
  container_states | awk -F'\t' -v services=" $* " '
    index(services, " " $1 " ") && ($2 == "dead" || ($2 == "exited" && $4 != 0)) { print $1 }'
}

# On a terminal one line that is written over; elsewhere a line every ten seconds.
progress() {
  local took=$1 services
  services=$(paste -sd ' ' <<<"$2")
  if [[ -t 2 ]]; then
    printf '\r\033[K  %s  waiting for %s' "$took" "$services" | cut -c1-"${COLUMNS:-118}" | tr -d '\n' >&2
  elif ((${took% s} % 10 == 0)); then
    printf '  %s  waiting for %s\n' "$took" "$services" >&2
  fi
}
progress_end() { [[ ! -t 2 ]] || printf '\r\033[K' >&2; }

# with_progress WHAT COMMAND…: `logged`, with the seconds that it takes.
with_progress() {
  local what=$1 from=$SECONDS status=0 ticker
  shift
  # Ends with this script, however that ends.
  while kill -0 $$ 2>/dev/null; do
    sleep 1
    progress "$((SECONDS - from)) s" "$what"
  done 9>&- &
  ticker=$!
  logged "$@" || status=$?
  kill "$ticker" 2>/dev/null || true
  wait "$ticker" 2>/dev/null || true
  progress_end
  return "$status"
}

not_started() {
  local code=$1 services=$2 how=$3 service why=''
  progress_end
  while read -r service; do why+="$(explain_container "$service")"$'\n'; done <<<"$services"
  fail "$code" "$(paste -sd ' ' <<<"$services") $how." "${why%$'\n'}" \
    "$(while read -r service; do service_hint "$service"; done <<<"$services" | sort -u)
Then run $SCRIPT again: it goes on where it stopped. More: docs/troubleshooting.md, scripts/doctor.sh"
}

# explain_container SERVICE: its state, what its last healthcheck said, and the end of its log.
explain_container() {
  local id
  id=$(container_of "$1")
  if [[ -z $id ]]; then
    echo "$1: it has no container."
    return 0
  fi
  docker inspect --format "$1: {{.State.Status}}{{if .State.Health}}, {{.State.Health.Status}}{{end}}, exit code {{.State.ExitCode}}, restarted {{.RestartCount}} times{{if .State.OOMKilled}}, KILLED FOR LACK OF MEMORY{{end}}{{with .State.Error}}, {{.}}{{end}}" "$id"
  last_healthcheck "$id" | sed 's/^/  its healthcheck said: /'
  last_errors "$id" | sed '/^[[:space:]]*$/d; s/^/  its log: /'
}

# last_healthcheck ID: the last line that the last check printed.
last_healthcheck() {
  docker inspect --format '{{if .State.Health}}{{range .State.Health.Log}}{{println .Output}}{{end}}{{end}}' "$1" 2>/dev/null |
    sed '/^[[:space:]]*$/d' | tail -n 1 | cut -c1-300 | redact
}

# last_errors ID: the last lines that look like an error, or else the last lines.
last_errors() {
  local lines
  lines=$(docker logs --tail 200 "$1" 2>&1 | sed '/^[[:space:]]*$/d' | cut -c1-300)
  { grep -iE 'error|fatal|panic|exception|refused|denied|cannot|failed|killed' <<<"$lines" || tail -n 3 <<<"$lines"; } |
    tail -n 3 | redact
}

# service_hint SERVICE: the first thing to look at when it is red.
service_hint() {
  case $1 in
    traefik) echo "traefik: look for a refused certificate or a port in use; the DNS provider's variables are in secrets/acme-dns.env." ;;
    mariadb) echo "mariadb: a full disk and a data folder of another version are the usual reasons: df -h, docker compose logs mariadb." ;;
    postgres) echo "postgres: a full disk and a data folder of another major version are the usual reasons." ;;
    valkey-*) echo "$1: a damaged append-only file after a power cut is repaired with valkey-check-aof --fix." ;;
    objectstore) echo "objectstore: check the free space of its volume and that S3_ROOT_USER did not change." ;;
    keycloak) echo "keycloak: it needs its database and up to two minutes at its first start; look at mariadb first." ;;
    lago-*) echo "$1: look at postgres and at lago-migrate first: docker compose logs lago-migrate" ;;
    migrate) echo "migrate: the database did not take a migration; docker compose logs migrate names it. Do not edit the database by hand." ;;
    bootstrap) echo "bootstrap: it configures Lago, the object store and Keycloak; the one it names is the one to look at." ;;
    api | worker | gateway) echo "$1: it names each wrong setting at its start: docker compose logs $1" ;;
    bench-*) echo "$1: look at mariadb, valkey-cache and bench-configurator: docker compose logs bench-configurator" ;;
    postal-*) echo "$1: look at mariadb; port 25 must be free and allowed by your provider." ;;
    alloy | loki | grafana | prometheus | alertmanager | socket-proxy) echo "$1: part of monitoring; the product works without it. docker compose logs $1" ;;
    backup) echo "backup: scripts/doctor.sh says how old the last backup is; docker compose logs backup" ;;
    *) echo "$1: docker compose logs $1" ;;
  esac
}
