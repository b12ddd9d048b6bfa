#!/usr/bin/env bash
# Prints own-images.txt as the JSON that a workflow's matrix reads.
set -euo pipefail

# shellcheck source=scripts/ci/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

main() {
  local name dockerfile separator=''
  printf '['
  while read -r name dockerfile _; do
    printf '%s{"name":"%s","dockerfile":"%s"}' "$separator" "$name" "$dockerfile"
    separator=','
  done < <(own_images)
  printf ']\n'
}

main "$@"
