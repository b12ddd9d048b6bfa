#!/usr/bin/env bash
# fetch.sh OUTDIR: puts Keycloak's distribution there, the build context of the Dockerfile beside this script.
# Exit 0: it is there and whole. 75: it cannot be had from here (no network); the caller may skip what needs it.
set -euo pipefail

VERSION=26.7.4
ARTIFACT=org/keycloak/keycloak-quarkus-dist/$VERSION/keycloak-quarkus-dist-$VERSION.zip
# Of the release on Maven Central; SHA-1 is what its repository publishes beside the file, SHA-256 is ours.
SHA1=4c12b86d215fdd28f0dde419f370fbab357b87fa
SHA256=a286e98b4296d4e75ee88d8527c7cd463b307caa022f088c9f22cffccc741fa1
UNAVAILABLE=75

main() {
  [[ $# -eq 1 ]] || {
    echo "Usage: $0 OUTDIR" >&2
    exit 64
  }
  local target=$1/keycloak-$VERSION.zip
  mkdir -p "$1"
  if is_whole "$target"; then return 0; fi
  PART=$(mktemp "$1/.keycloak.XXXXXX")
  trap 'rm -f "$PART"' EXIT
  if from_local_repository || from_maven_central; then
    chmod 0644 "$PART"
    mv "$PART" "$target"
    return 0
  fi
  echo "Keycloak $VERSION is not in ~/.m2 and could not be fetched from Maven Central." >&2
  exit "$UNAVAILABLE"
}

is_whole() {
  [[ -f $1 ]] && sha1sum --check --status <<<"$SHA1  $1" && sha256sum --check --status <<<"$SHA256  $1"
}

from_local_repository() {
  local file=${HOME:-/root}/.m2/repository/$ARTIFACT
  is_whole "$file" && cp "$file" "$PART"
}

from_maven_central() {
  curl --fail --silent --show-error --location --retry 3 --connect-timeout 10 --max-time 600 \
    --output "$PART" "https://repo1.maven.org/maven2/$ARTIFACT" && is_whole "$PART"
}

main "$@"
