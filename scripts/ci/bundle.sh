#!/usr/bin/env bash
# bundle.sh VERSION OUT: writes what an operator downloads to OUT, which already holds images.env and images.lock:
#   bastide-VERSION.tar.gz  the repository as tagged, with images.env and images.lock in it
#   SHA256SUMS              over all of it
# The same commit and the same images give the same bytes.
set -euo pipefail

# shellcheck source=scripts/ci/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

main() {
  local version=$1 out
  need_version "$version"
  out=$(cd "$2" && pwd)
  local name=bastide-$version
  # git gives the files that it adds the commit's time, but keeps their mode.
  chmod 644 "$out/images.env" "$out/images.lock"
  git -C "$ROOT" archive --format=tar --prefix="$name/" --add-file="$out/images.env" --add-file="$out/images.lock" HEAD |
    gzip -9n >"$out/$name.tar.gz.new"
  mv "$out/$name.tar.gz.new" "$out/$name.tar.gz"
  (cd "$out" && sha256sum "$name.tar.gz" images.env images.lock >SHA256SUMS)
}

main "$@"
