#!/usr/bin/env bash
# Builds MinIO's last release as `silo`, the name of its fork in production, from its Go module. Usage: build.sh OUTDIR
# Exit 0: OUTDIR/silo is there. 75: it cannot be had here (no Go, or the Go module proxy lacks it).
set -euo pipefail

readonly MODULE=github.com/minio/minio
# RELEASE.2025-09-07T16-13-09Z
readonly VERSION=v0.0.0-20250907161309-07c3a429bfed

unavailable() {
  printf 'MinIO cannot be built here: %s\n' "$*" >&2
  exit 75
}

main() {
  local out=${1:?usage: build.sh OUTDIR} source
  mkdir -p "$out"
  out=$(cd "$out" && pwd)
  if [[ -x $out/silo && $(cat "$out/silo.version" 2>/dev/null) == "$VERSION" ]]; then return; fi
  command -v go >/dev/null || unavailable 'there is no Go'
  source=$(GOFLAGS=-mod=mod go mod download -json "$MODULE@$VERSION" 2>/dev/null | sed -n 's/^\t"Dir": "\(.*\)",\{0,1\}$/\1/p') || true
  [[ -d $source ]] || unavailable "the module proxy does not serve $MODULE"
  cd "$source"
  CGO_ENABLED=0 GOFLAGS='' go build -trimpath -buildvcs=false -ldflags '-s -w' -o "$out/silo.new" .
  mv "$out/silo.new" "$out/silo"
  printf '%s\n' "$VERSION" >"$out/silo.version"
}

main "$@"
