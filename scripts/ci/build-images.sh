#!/usr/bin/env bash
# Builds every image of ours for this machine's processor and throws it away: a broken Dockerfile shows before the release.
set -euo pipefail

# shellcheck source=scripts/ci/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

main() {
  local name dockerfile broken=()
  while read -r name dockerfile _; do
    log "Building $name"
    docker build --quiet --file "$ROOT/$dockerfile" --tag "bastide-ci/$name" "$ROOT" >/dev/null || broken+=("$name")
  done < <(own_images)
  ((${#broken[@]} == 0)) || fail "$EXIT_IMAGES" "These images did not build: ${broken[*]}." \
    "docker build failed on $(uname -m); its output is above." "Run this script on such a machine."
}

main "$@"
