# shellcheck shell=bash
# Every image is here before anything is stopped or started: pulled by digest, or built from this folder.

images() {
  local service image is_built present now ours
  local -a to_pull=() to_build=()
  local -A seen=()
  step "$EXIT_IMAGES" 'Images'
  if ! docker version >/dev/null 2>&1; then
    changed 'pull and build the images (Docker is not there yet)'
    return 0
  fi
  now=$(build_fingerprint)
  # Some services run an image that another one builds.
  ours=$(service_images | awk -F'\t' '$3 == "yes" && $2 !~ /@sha256:/ { print $2 }')
  while IFS=$'\t' read -r service image is_built; do
    present=true
    docker image inspect "$image" >/dev/null 2>&1 || present=false
    # A release's images have a digest and are pulled, although this folder could build them.
    if [[ $is_built == yes && $image != *@sha256:* ]]; then
      # An image that came from elsewhere (docker load, a mirror) is taken as it is.
      if ! $present || { [[ -n $(state built-from) && $(state built-from) != "$now" && $image == bastide/* ]]; }; then to_build+=("$service"); fi
    elif ! $present && [[ ! -v seen[$image] ]] && ! grep -qxF "$image" <<<"$ours"; then
      to_pull+=("$image")
      seen[$image]=1
    fi
  done < <(service_images)
  pull_images "${to_pull[@]}"
  build_images "${to_build[@]}"
  $DRY_RUN || remember built-from "$now"
}

pull_images() {
  local image number=0 failed=()
  for image in "$@"; do
    number=$((number + 1))
    changed "pull $number of $#: $image"
    $DRY_RUN || pull_image "$image" || failed+=("$image")
  done
  ((${#failed[@]} == 0)) || fail "$EXIT_IMAGES" "${#failed[@]} images could not be pulled: ${failed[*]}" "$(log_tail 3)" \
    'Check the network (scripts/doctor.sh) and run scripts/install.sh again: it goes on with the missing ones.
A mirror: set <SERVICE>_IMAGE in .env. Without internet: docker load.'
}

# Services that share an image share its build: compose builds it once.
build_images() {
  (($# > 0)) || return 0
  changed "build the images of: $* (some minutes the first time)"
  $DRY_RUN && return 0
  local from=$SECONDS
  with_progress 'building' compose --progress plain build "$@" || fail "$EXIT_IMAGES" 'The images could not be built.' "$(log_tail 8)" \
    'The log has all of it. Building needs the registries of the base images, of npm and of Debian.'
  tell "built in $((SECONDS - from)) s"
}
