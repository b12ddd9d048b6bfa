#!/usr/bin/env bash
# scripts/test.sh --stack on a hosted runner: the installer wants root, and what root left must stay readable for the
# runner's own steps, the cache and the upload of logs.
set -euo pipefail

# shellcheck source=scripts/ci/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

main() {
  local status=0 keep=(CI HOME PATH STACK_IMAGES STACK_LOGS GITHUB_ACTIONS) name env=()
  for name in "${keep[@]}"; do [[ -z ${!name:-} ]] || env+=("$name=${!name}"); done
  [[ -z ${STACK_LOGS:-} ]] || mkdir -p "$STACK_LOGS"
  sudo env "${env[@]}" "$ROOT/scripts/test.sh" --stack || status=$?
  for name in "$HOME/.npm" "$ROOT/.bastide"; do
    [[ ! -e $name ]] || sudo chown -R "$(id -u):$(id -g)" "$name"
  done
  exit "$status"
}

main "$@"
