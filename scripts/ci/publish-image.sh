#!/usr/bin/env bash
# publish-image.sh NAME VERSION FOLDER: joins the images that were pushed for single platforms to one image of all platforms,
# tags it, and prints `<image>@<digest>`. FOLDER holds one empty file a platform, named for its digest without `sha256:`.
set -euo pipefail

# shellcheck source=scripts/ci/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly PLATFORMS=2

main() {
  local image version=$2 folder=$3 sources=() file digest
  image=$(registry)/$1
  need_version "$version"
  for file in "$folder"/*; do
    [[ ${file##*/} =~ ^[0-9a-f]{64}$ ]] || fail "$EXIT_IMAGES" "No image of $1 to publish." \
      "$file is not named for a digest." "Look at the build jobs: each leaves one digest."
    sources+=("$image@sha256:${file##*/}")
  done
  ((${#sources[@]} == PLATFORMS)) || fail "$EXIT_IMAGES" "$1 was built for ${#sources[@]} platforms, not $PLATFORMS." \
    "The digests in $folder are those of one image for amd64 and one for arm64." "Run the failed build job again."
  docker buildx imagetools create --tag "$image:$version" "${sources[@]}" >&2
  digest=$(docker buildx imagetools inspect "$image:$version" --format '{{.Manifest.Digest}}')
  [[ $digest =~ ^sha256:[0-9a-f]{64}$ ]] || fail "$EXIT_IMAGES" "The registry told no digest of $image:$version." \
    "It said: $digest" "Run the job again."
  printf '%s@%s\n' "$image" "$digest"
}

main "$@"
