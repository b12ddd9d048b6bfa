# shellcheck shell=bash
# One script at a time changes an installation. The kernel drops the lock when its holder dies, however it dies.

# take_lock SCRIPT [SECONDS]: waits that long for another run, then stops. File descriptor 9 holds it; commands that start
# a daemon must not inherit it (9>&-).
take_lock() {
  local folder=$ROOT/.bastide/appliance
  mkdir -p "$folder"
  # A script that was started by the holder has its descriptor, and so its lock.
  [[ /proc/self/fd/9 -ef $folder/lock ]] || exec 9>>"$folder/lock"
  if ! flock -w "${2:-${BASTIDE_LOCK_WAIT:-10}}" 9; then
    fail 1 "Another run is changing this installation." \
      "$(cat "$folder/lock-holder" 2>/dev/null || echo 'It') still holds the lock; two at once would undo each other's work." \
      "Wait for it to end, then run $1 again. If nothing is running, a program that it started may be left: see
fuser -v $folder/lock"
  fi
  printf '%s (process %s, since %s)' "$1" "$$" "$(date -u +%H:%M:%SZ)" >"$folder/lock-holder"
}
