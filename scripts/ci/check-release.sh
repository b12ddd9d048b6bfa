#!/usr/bin/env bash
# check-release.sh TAG: a tag may become a release when the tree that it names says the same version everywhere. Prints
# `version=…` and `prerelease=true|false`.
set -euo pipefail

# shellcheck source=scripts/ci/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

main() {
  local tag=$1 version=${1#v} said other
  [[ $tag == v* ]] || fail "$EXIT_CONFIG" "'$tag' is not a release's tag." "A release's tag is v and a version." "Tag v1.4.0."
  need_version "$version"
  said=$(sed -nE 's/^  "version": "([^"]+)",?$/\1/p' "$ROOT/package.json")
  [[ $said == "$version" ]] || fail "$EXIT_CONFIG" "package.json says $said, the tag says $version." \
    "The version that an appliance shows comes from package.json." "Set it, commit, tag again."
  other=$(grep -oE ':-bastide/[a-z-]+:[^}]+' "$ROOT/docker-compose.yml" | grep -v ":$version\$" | sort -u || true)
  [[ -z $other ]] || fail "$EXIT_CONFIG" "docker-compose.yml names other versions of our images." "${other//:-/}" \
    "Set them to $version, commit, tag again."
  "$ROOT/scripts/ci/changelog-section.sh" "$version" >/dev/null
  printf 'version=%s\n' "$version"
  if [[ $version == *-* ]]; then echo 'prerelease=true'; else echo 'prerelease=false'; fi
}

main "$@"
