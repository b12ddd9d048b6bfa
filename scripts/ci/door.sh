#!/usr/bin/env bash
# The only command that a deployment key may run on a server (docs/releasing.md shows the line of authorized_keys). It takes no
# file and no shell, only the number of a published release, so that a stolen key can install nothing else.
#   version | upgrade VERSION | rollback | wait
# An upgrade goes on when the connection breaks; `wait` follows the one that runs or tells how the last one ended.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
STATE=${XDG_STATE_HOME:-$HOME/.local/state}/bastide-door
readonly ROOT STATE EXIT_REFUSED=20 EXIT_UNKNOWN=75
# One letter less than what a shell could read anything into.
readonly VERSION='[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?'

main() {
  local asked=${SSH_ORIGINAL_COMMAND:-}
  umask 077
  mkdir -p "$STATE"
  if [[ $asked == version ]]; then
    sed -nE 's/^  "version": "([^"]+)",?$/\1/p' "$ROOT/package.json"
  elif [[ $asked =~ ^upgrade\ ($VERSION)$ ]]; then
    start scripts/upgrade.sh --to "${BASH_REMATCH[1]}"
    follow
  elif [[ $asked == rollback ]]; then
    start scripts/upgrade.sh --rollback
    follow
  elif [[ $asked == wait ]]; then
    follow
  else
    echo 'Refused. This key may say: version, upgrade VERSION, rollback, wait.' >&2
    exit "$EXIT_REFUSED"
  fi
}

# start COMMAND…: as root, in a session of its own, holding the lock until it ends. sudo allows this one command only.
start() {
  local as_root=()
  [[ $(id -u) -eq 0 ]] || as_root=(sudo -n)
  exec 9>"$STATE/lock"
  if ! flock -n 9; then
    echo 'An upgrade is running already; say wait to follow it.' >&2
    exit "$EXIT_UNKNOWN"
  fi
  rm -f "$STATE/status"
  printf '%s %s\n' "$(date -u +%FT%TZ)" "$*" >"$STATE/log"
  # shellcheck disable=SC2016 # expanded by the inner shell
  setsid bash -c 'state=$1 && shift && cd "$1" && shift
    status=0
    "$@" >>"$state/log" 2>&1 || status=$?
    echo "$status" >"$state/status.new"
    mv "$state/status.new" "$state/status"' \
    door "$STATE" "$ROOT" ${as_root[@]+"${as_root[@]}"} "$ROOT/$1" "${@:2}" </dev/null >/dev/null 2>&1 &
  echo "$!" >"$STATE/pid"
  exec 9>&-
}

# Shows the log of the upgrade that runs, or ran last, and ends with its status.
follow() {
  [[ -f $STATE/pid ]] || { echo 'Nothing was asked of this door yet.' >&2 && exit "$EXIT_UNKNOWN"; }
  tail -n +1 -f --pid="$(cat "$STATE/pid")" "$STATE/log"
  # Once the lock is free the status is there, unless the machine went down in between.
  flock "$STATE/lock" true
  if [[ ! -f $STATE/status ]]; then
    echo 'The upgrade was cut off and left no status: look on the server with scripts/doctor.sh.' >&2
    exit "$EXIT_UNKNOWN"
  fi
  exit "$(cat "$STATE/status")"
}

main "$@"
