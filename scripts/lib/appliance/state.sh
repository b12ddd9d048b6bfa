# shellcheck shell=bash
# What an installation remembers of itself: .bastide/appliance/state, lines of `name=value`. Everything that matters is
# looked at again in each run; this only avoids repeating what is slow or may be shown once.

STATE_FILE=$ROOT/.bastide/appliance/state

state() { [[ ! -f $STATE_FILE ]] || sed -n "s/^$1=//p" "$STATE_FILE" | tail -n 1; }

remember() {
  [[ $(state "$1") != "$2" ]] || return 0
  { grep -v "^$1=" "$STATE_FILE" 2>/dev/null || true; printf '%s=%s\n' "$1" "$2"; } | atomic_write "$STATE_FILE" 600
}
