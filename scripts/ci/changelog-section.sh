#!/usr/bin/env bash
# changelog-section.sh VERSION [FILE]: what the changelog says about this version, without its heading. The file's headings
# are those of Keep a Changelog: `## 1.4.0 - 2026-12-01`.
set -euo pipefail

# shellcheck source=scripts/ci/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

main() {
  local version=$1 file=${2:-$ROOT/CHANGELOG.md} section
  need_version "$version"
  section=$(awk -v version="$version" '
    /^## / { inside = ($2 == version || $2 == "[" version "]"); next }
    inside' "$file")
  [[ $section =~ [^[:space:]] ]] || fail "$EXIT_CONFIG" "CHANGELOG.md says nothing about $version." \
    "There is no section '## $version - <date>', or it is empty." "Rename 'Unreleased' and start a new one, commit, tag again."
  # The shell has cut the empty lines at the end; these are the ones at the beginning.
  sed '/./,$!d' <<<"$section"
}

main "$@"
