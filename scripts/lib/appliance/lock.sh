# shellcheck shell=bash
# One script at a time changes an installation. The kernel drops the lock when its holder dies, however it dies.

# take_lock SCRIPT: waits ten seconds for another run, then stops. File descriptor 9 holds it, also in the programs that a
# run has started: when a run was killed, the next one waits for what it left at work (a build, a `compose up`). Commands
# that start a daemon must not inherit it (9>&-).
take_lock() {
  local folder=$ROOT/.bastide/appliance holder
  mkdir -p "$folder"
  # A script that was started by the holder has its descriptor, and so its lock.
  [[ /proc/self/fd/9 -ef $folder/lock ]] || exec 9>>"$folder/lock"
  if ! flock -n 9; then
    holder=$(sed -nE 's/.*\(process ([0-9]+),.*/\1/p' "$folder/lock-holder" 2>/dev/null || true)
    if [[ -n $holder ]] && ! kill -0 "$holder" 2>/dev/null; then
      say "A run was killed, and a program that it started is still at work: waiting for it (fuser -v $folder/lock shows it)"
      flock -w "${BASTIDE_ORPHAN_WAIT:-1200}" 9 || locked "$1" "$folder"
    else
      flock -w "${BASTIDE_LOCK_WAIT:-10}" 9 || locked "$1" "$folder"
    fi
  fi
  printf '%s (process %s, since %s)' "$1" "$$" "$(date -u +%H:%M:%SZ)" >"$folder/lock-holder"
  # Nobody else writes here now: what is half-written was left by a run that was killed.
  remove_temporaries "$folder" "$ROOT"/.bastide/upgrade{,/sets}
}

locked() {
  fail 1 "Another run is changing this installation." \
    "$(cat "$2/lock-holder" 2>/dev/null || echo 'It') still holds the lock; two at once would undo each other's work." \
    "Wait for it to end, then run $1 again. If nothing is running, a program that it started may be left: see
fuser -v $2/lock"
}
