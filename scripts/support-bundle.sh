#!/usr/bin/env bash
# Packs what somebody needs who is to help, and nothing that opens anything: versions, settings, states, ends of logs.
set -Eeuo pipefail

# shellcheck source=scripts/lib/appliance/load.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/appliance/load.sh"

usage() {
  cat <<'TEXT'
Usage: scripts/support-bundle.sh [--output FILE] [--lines N] [--dry-run]

  --output FILE  where to (logs/support-<time>.tar.gz)
  --lines N      of each service's log (500)
  --dry-run      lists what would go in

Every value of secrets/ is taken out (also encoded, also pieces of it), and so are tokens, Authorization and Cookie headers
and the part of mail addresses before the @. Names of sites and IP addresses stay in. Read it before you send it.
TEXT
}

OUTPUT=''
LINES_OF_LOG=500
DRY_RUN=false
WORK=''

# What goes in: file, and the function or command that prints it.
items() {
  cat <<'ITEMS'
about.txt about
settings/env.txt cat .env
settings/compose.yml compose config
settings/state.txt state_of_scripts
containers/list.txt compose ps --all
containers/health.txt health
containers/images.txt compose images
containers/usage.txt docker stats --no-stream
doctor.json doctor
machine/docker.txt docker info
machine/disk.txt disk
machine/memory.txt memory
machine/kernel.txt kernel_messages
metrics/prometheus.json prometheus_snapshot
metrics/backup.txt backup_metrics
backups.txt compose exec -T backup backup list
ITEMS
  local service script
  while read -r service; do printf 'logs/%s.log service_log %s\n' "$service" "$service"; done < <(container_states | cut -f1 | sort -u)
  while read -r script; do printf 'scripts/%s cat logs/%s\n' "$script" "$script"; done < <(recent_script_logs)
}

main() {
  parse_arguments "$@"
  catch_errors scripts/support-bundle.sh
  trap clean_up EXIT
  env_load "$ENV_FILE"
  cd "$ROOT"
  if $DRY_RUN; then
    items | awk '{ file = $1; $1 = ""; printf "%-32s%s\n", file, $0 }'
    return 0
  fi
  have perl || fail "$EXIT_PREFLIGHT_FAILED" 'perl is not installed.' 'It takes the secrets out of the bundle.' 'apt-get install perl-base'
  WORK=$(mktemp -d "${TMPDIR:-/tmp}/bastide-support.XXXXXX")
  collect
  nothing_secret_is_left
  pack
}

parse_arguments() {
  while (($# > 0)); do
    case $1 in
      --output)
        OUTPUT=${2:?--output needs a file}
        shift
        ;;
      --lines)
        LINES_OF_LOG=${2:?--lines needs a number}
        shift
        ;;
      --dry-run) DRY_RUN=true ;;
      -h | --help)
        usage
        exit 0
        ;;
      *) wrong_usage "unknown argument $1" ;;
    esac
    shift
  done
}

clean_up() { [[ -z $WORK ]] || rm -rf "$WORK"; }

# A part that cannot be had (Docker is down) says so in its place: that is when a bundle is needed most.
collect() {
  local file command
  local -a words
  umask 077
  while read -r file command; do
    mkdir -p "$WORK/bundle/$(dirname "$file")"
    read -ra words <<<"$command"
    {
      timeout_for "${words[@]}" 2>&1 </dev/null || echo "(this part ended with status $?)"
    } | "$ROOT/scripts/lib/appliance/redact.pl" "$SECRETS_DIR" >"$WORK/bundle/$file"
    progress "$SECONDS s" "$file"
  done < <(items)
  progress_end
}

# At most a minute each: a hanging Docker must not hang the bundle.
timeout_for() {
  local pid ticker status=0
  "$@" &
  pid=$!
  { sleep 60 && kill "$pid"; } >/dev/null 2>&1 &
  ticker=$!
  wait "$pid" || status=$?
  kill "$ticker" 2>/dev/null || true
  wait "$ticker" 2>/dev/null || true
  return "$status"
}

nothing_secret_is_left() {
  local files left
  mapfile -t files < <(find "$WORK/bundle" -type f)
  left=$("$ROOT/scripts/lib/appliance/redact.pl" --check "$SECRETS_DIR" "${files[@]}") || fail 1 'No bundle was made.' \
    "A piece of a secret would still have been in: ${left//"$WORK/bundle/"/}" 'Please report this; send the parts that you have read yourself.'
}

pack() {
  local name
  name=bastide-support-$(date -u +%Y%m%dT%H%M%SZ)
  mkdir -p "$ROOT/logs"
  chmod 700 "$ROOT/logs"
  OUTPUT=${OUTPUT:-$ROOT/logs/$name.tar.gz}
  tar -C "$WORK" --transform "s|^bundle|$name|" --owner=0 --group=0 -czf - bundle | atomic_write "$OUTPUT" 600
  say "$OUTPUT ($(du -h "$OUTPUT" | cut -f1)). Look into it before you send it: tar -tzf $OUTPUT"
}

about() {
  printf 'Bastide %s\n' "$(env_value BASTIDE_VERSION unknown)"
  git -c safe.directory="$ROOT" log -1 --format='commit %h of %cs' 2>/dev/null || true
  git -c safe.directory="$ROOT" status --short --untracked-files=no 2>/dev/null || true
  uname -srm
  sed -n 's/^PRETTY_NAME=//p' /etc/os-release
  docker version --format 'Docker {{.Server.Version}}, client {{.Client.Version}}'
  docker compose version
  printf 'size %s, mode %s, profiles %s\n' "$(env_value SIZE)" "$(env_value TLS_MODE)" "$(env_value COMPOSE_PROFILES -)"
  uptime
  date -u +%FT%TZ
}

state_of_scripts() {
  head -n 50 "$ROOT"/.bastide/appliance/state "$ROOT"/.bastide/upgrade/state "$ROOT"/.bastide/upgrade/last 2>/dev/null || true
  # Names and modes alone.
  find "$SECRETS_DIR" -printf '%M %u:%g %s %TY-%Tm-%Td %P\n' | sort -k5
}

health() {
  local service
  container_states | cut -f1-6 | column -t -s $'\t'
  while read -r service; do explain_container "$service"; done < <(container_states | awk -F'\t' '!($2 == "running" && ($3 == "healthy" || $3 == "-")) { print $1 }')
}

service_log() { docker logs --timestamps --tail "$LINES_OF_LOG" "$(container_of "$1")" 2>&1 | cut -c1-4000; }

recent_script_logs() { find "$ROOT/logs" -maxdepth 1 -name '*.log' -printf '%T@ %f\n' 2>/dev/null | sort -rn | head -n 6 | cut -d' ' -f2; }

doctor() { "$ROOT/scripts/doctor.sh" --json 2>/dev/null || true; }

disk() {
  df -hT -x tmpfs -x devtmpfs -x overlay
  df -hi -x tmpfs -x devtmpfs -x overlay
  docker system df
}

memory() {
  free -m
  head -n 12 /proc/meminfo
  cat /proc/pressure/memory /proc/loadavg 2>/dev/null || true
}

kernel_messages() { dmesg --level=err,warn 2>/dev/null | tail -n 100 || true; }

# The state of all targets and the alerts that fire.
prometheus_snapshot() {
  local query
  for query in up ALERTS 'process_resident_memory_bytes' 'sum by (status) (rate(http_requests_total[15m]))'; do
    compose exec -T prometheus wget -q -O - --post-data "query=$(url_encode "$query")" http://127.0.0.1:9090/api/v1/query
    echo
  done
}

backup_metrics() { compose exec -T backup cat /var/lib/backup-metrics/backup.prom; }

main "$@"
