#!/usr/bin/env bash
# lock-images.sh VERSION DIGESTS OUT: writes to OUT
#   images.env   our images of this version, as docker-compose.yml reads them: ORCHESTRATOR_IMAGE=ghcr.io/…:1.4.0@sha256:…
#   images.lock  every image of the stack, third parties' too: `VARIABLE image:tag@digest`, sorted
# DIGESTS holds one file an image of ours, with `<image>@sha256:…` in it.
set -euo pipefail

# shellcheck source=scripts/ci/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

main() {
  local version=$1 digests=$2 out=$3
  need_version "$version"
  mkdir -p "$out"
  own_references "$version" "$digests" >"$out/images.env.new"
  { sed 's/=/ /' "$out/images.env.new" && third_party_references; } | sort -u >"$out/images.lock.new"
  mv "$out/images.env.new" "$out/images.env"
  mv "$out/images.lock.new" "$out/images.lock"
}

own_references() {
  local version=$1 digests=$2 name variable reference
  while read -r name _ variable; do
    reference=$(cat "$digests/$name" 2>/dev/null || true)
    [[ $reference =~ ^[a-z0-9./_-]+@sha256:[0-9a-f]{64}$ ]] || fail "$EXIT_IMAGES" "The digest of $name is missing." \
      "$digests/$name holds '$reference'." "Look at the job that publishes $name."
    printf '%s=%s:%s@%s\n' "$variable" "${reference%@*}" "$version" "${reference#*@}"
  done < <(own_images)
}

# Those are pinned in docker-compose.yml, each as the default of its variable.
third_party_references() {
  local variable reference
  while IFS='|' read -r variable reference; do
    own_images | grep -q " $variable\$" && continue
    [[ $reference == *:*@sha256:* ]] || fail "$EXIT_IMAGES" "$variable is not pinned." \
      "docker-compose.yml says $reference; a release names digests only." "Add its digest there."
    printf '%s %s\n' "$variable" "$reference"
  done < <(sed -nE 's/^ *image: *"?\$\{([A-Z0-9_]+):-([^}]+)\}.*/\1|\2/p' "$ROOT/docker-compose.yml" | sort -u)
}

main "$@"
