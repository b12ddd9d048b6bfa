#!/usr/bin/env bash
# Builds the Traefik that production runs (same version), from its Go module. Usage: build.sh OUTDIR
# Exit 0: OUTDIR/traefik is there, and OUTDIR is the build context of the Dockerfile beside this script.
# 75: it cannot be had here (no Go, or no module proxy that has all of it).
#
# It differs from the vendor's binary in what follows; none of it handles a request.
#   lego           ACME has no code behind its flags (folder lego/): no test could reach a CA, not every module proxy has lego v5,
#                  and its 180 DNS providers nearly double the time to compile.
#   ecs            The provider for Amazon ECS is empty: the AWS client alone takes minutes to compile.
#   dynamic/ext    An extension point that Traefik's module archive leaves out: two empty structs.
#   go-http-auth   Basic auth is one version earlier, since not every module proxy has the later one.
#   webui          Not in the module archive: /dashboard/ is an empty page, /api/ answers.
set -euo pipefail

readonly VERSION=3.7.13
readonly MODULE=github.com/traefik/traefik/v3
readonly HTTP_AUTH=github.com/containous/go-http-auth@v0.4.1-0.20200324110947-a37a7636d23e

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly HERE

unavailable() {
  printf 'Traefik %s cannot be built here: %s\n' "$VERSION" "$*" >&2
  exit 75
}

# What the binary is made of: another recipe is another binary.
recipe() { (cd "$HERE" && cat build.sh && find lego trimmed -type f -print0 | sort -z | xargs -0 cat) | sha256sum | cut -d' ' -f1; }

source_folder() {
  go mod download -json "$MODULE@v$VERSION" 2>/dev/null | sed -n 's/^\t"Dir": "\(.*\)",\{0,1\}$/\1/p'
}

prepare() {
  local source=$1 work=$2
  cp -r "$source/." "$work"
  chmod -R u+w "$work"
  mkdir -p "$work/pkg/config/dynamic/ext"
  cp "$HERE"/trimmed/ext/* "$work/pkg/config/dynamic/ext/"
  rm -f "$work"/pkg/provider/ecs/*
  cp "$HERE"/trimmed/ecs/* "$work/pkg/provider/ecs/"
  printf '<!doctype html><title>Traefik</title>\n' >"$work/webui/static/index.html"
  cd "$work"
  go mod edit -replace "github.com/go-acme/lego/v5=$HERE/lego" -replace "github.com/abbot/go-http-auth=$HTTP_AUTH"
}

main() {
  local out=${1:?usage: build.sh OUTDIR} source wanted
  mkdir -p "$out"
  out=$(cd "$out" && pwd)
  cp "$HERE/entrypoint.sh" "$out/entrypoint.sh"
  wanted=$(recipe)
  if [[ -x $out/traefik && $(cat "$out/traefik.recipe" 2>/dev/null) == "$wanted" ]]; then return; fi

  command -v go >/dev/null || unavailable 'there is no Go'
  export CGO_ENABLED=0 GOFLAGS='-mod=mod -trimpath -buildvcs=false'
  source=$(source_folder) || true
  [[ -d $source ]] || unavailable "the module proxy does not serve $MODULE"

  WORK=$(mktemp -d)
  trap 'rm -rf "$WORK"' EXIT
  prepare "$source" "$WORK"
  go list -deps ./cmd/traefik >/dev/null 2>"$WORK/list.log" || unavailable "$(tail -n 2 "$WORK/list.log")"
  go build -ldflags "-s -w -X $MODULE/pkg/version.Version=$VERSION" -o "$WORK/traefik" ./cmd/traefik
  mv "$WORK/traefik" "$out/traefik.new"
  mv "$out/traefik.new" "$out/traefik"
  printf '%s\n' "$wanted" >"$out/traefik.recipe"
}

main "$@"
