# shellcheck shell=bash
# Sourced by every script in scripts/. Functions only: sourcing it changes nothing.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export ROOT

log() { printf '▶ %s\n' "$*" >&2; }
note() { printf '  %s\n' "$*" >&2; }
die() {
  printf '✖ %s\n' "$*" >&2
  exit 1
}

# The caller's `usage`, then what is wrong with the way it was called.
wrong_usage() {
  usage >&2
  die "$1"
}

have() { command -v "$1" >/dev/null 2>&1; }
is_root() { [[ $(id -u) -eq 0 ]]; }

# For `detached COMMAND… &` only: the background shell becomes the command, so that $! is its process. It gets a session of
# its own (Ctrl-C reaches only the script) and SIGTERM when the script dies, however it dies.
detached() { exec setsid setpriv --pdeathsig TERM "$@"; }
# The same as another user; a change of user after the death signal was set would clear it.
detached_as() {
  local user=$1
  shift
  exec setsid setpriv --reuid "$user" --regid "$user" --clear-groups --pdeathsig TERM "$@"
}
