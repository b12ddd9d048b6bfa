# shellcheck shell=bash
# Sourced by every program of the backup container. Paths and defaults; functions only beyond that.

STATE=${BACKUP_STATE:-/var/lib/backup}
SCRATCH=${BACKUP_RUNTIME:-/run/backup}
SECRETS=${BACKUP_SECRETS:-/run/secrets}
METRICS=${BACKUP_METRICS:-/var/lib/backup-metrics}
export STATE SCRATCH SECRETS METRICS
# Temporary files on the disk: a tmpfs would count against the memory limit.
export TMPDIR=$STATE/tmp

export EXIT_BACKUP=60 EXIT_RESTORE=70

log() { printf '%s %s\n' "$(date -u +%FT%TZ)" "$*" >&2; }

# fail CODE WHAT WHY FIX: the form that every error of Bastide has.
fail() {
  printf '✖ WHAT  %s\n  WHY   %s\n  FIX   %s\n  LOG   docker compose logs backup\n  CODE  %s\n' "$2" "$3" "$4" "$1" >&2
  exit "$1"
}

secret() { cat "$SECRETS/$1"; }
has_secret() { [[ -s $SECRETS/$1 ]]; }

# Written aside, then renamed: a reader never sees half a file.
write_file() {
  local target=$1 aside
  aside=$(mktemp "$target.XXXXXX")
  cat >"$aside"
  mv -f "$aside" "$target"
}

remember() { printf '%s' "$2" | write_file "$STATE/$1"; }
recall() { cat "$STATE/$1" 2>/dev/null || printf '%s' "${2:-}"; }

# take_turn CODE [SECONDS]: one at a time over all containers that share the state volume. The kernel gives the lock back when the holder is killed.
take_turn() {
  local code=$1 patience=${2:-0}
  mkdir -p "$TMPDIR" "$SCRATCH"
  exec 8>"$STATE/lock"
  flock -w "$patience" 8 || fail "$code" 'Another backup or restore is running' 'Two at once would fight for memory and for the repository.' \
    'Wait for it: docker compose logs -f backup'
  # What a killed one left.
  rm -rf "${TMPDIR:?}"/*
}

new_run_id() { cat /proc/sys/kernel/random/uuid; }
