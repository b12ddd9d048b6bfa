# shellcheck shell=bash
# Sourced by every script in scripts/. Functions only: sourcing it changes nothing.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
readonly ROOT

log() { printf '▶ %s\n' "$*" >&2; }
note() { printf '  %s\n' "$*" >&2; }
die() {
  printf '✖ %s\n' "$*" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }
is_root() { [[ $(id -u) -eq 0 ]]; }
