# shellcheck shell=bash
# The images of a release, held by a tag each so that nothing removes them while a way back may need them. Builds of two
# releases may bear the same name; the id tells them apart.

readonly IMAGE_SETS=$UPGRADE_DIR/sets

# hold_images ID: what the containers run from now, as lines of service, reference, id in sets/ID.
hold_images() {
  local id=$1 service reference image
  mkdir -p "$IMAGE_SETS"
  [[ ! -f $IMAGE_SETS/$id ]] || return 0
  docker ps -aq --no-trunc --filter "label=com.docker.compose.project=$(project)" --filter label=com.docker.compose.oneoff=False | while read -r container; do
    docker inspect --format '{{index .Config.Labels "com.docker.compose.service"}}	{{.Config.Image}}	{{.Image}}' "$container" 2>/dev/null || true
  done | sort -u >"$WORK/set"
  while IFS=$'\t' read -r service reference image; do docker tag "$image" "bastide/rollback:$id-$service"; done <"$WORK/set"
  atomic_write "$IMAGE_SETS/$id" 600 <"$WORK/set"
}

# name_images_again ID: every reference means what it meant in that set.
name_images_again() {
  local service reference image
  [[ -f $IMAGE_SETS/$1 ]] || return 0
  while IFS=$'\t' read -r service reference image; do
    # A reference by digest cannot mean anything else, and Docker refuses to set one.
    [[ $reference == *@* || $reference == sha256:* ]] || docker tag "$image" "$reference"
  done <"$IMAGE_SETS/$1"
}

# collect_images: the sets of all but the last two releases go, with their images unless something still uses them.
collect_images() {
  local sets set service reference image kept
  mapfile -t sets < <(find "$IMAGE_SETS" -type f -printf '%f\n' 2>/dev/null | sort -r)
  kept=$({ service_images | cut -f2 && for set in "${sets[@]:0:2}"; do cut -f2 "$IMAGE_SETS/$set"; done; } | sort -u)
  for set in "${sets[@]:2}"; do
    tell "removing the images of $set"
    while IFS=$'\t' read -r service reference image; do
      logged docker rmi "bastide/rollback:$set-$service" || true
      grep -qxF "$reference" <<<"$kept" || logged docker rmi "$reference" || true
    done <"$IMAGE_SETS/$set"
    rm -f "$IMAGE_SETS/$set"
  done
}
