# shellcheck shell=bash
# The digests of a release's images: from images.env, which a tarball brings and a clone that stands on a release fetches.

# The file that counts; fetched in $WORK, so that nothing is changed before the pre-flight.
RELEASE_IMAGES=''
IMAGES_OUTDATED=false

adopt_release_images() {
  local candidate=$1 here='' name wanted changes=()
  RELEASE_IMAGES=$ROOT/images.env
  [[ ! -v OPTION[BASTIDE_RELEASES_URL] ]] || env_write "$candidate" BASTIDE_RELEASES_URL "${OPTION[BASTIDE_RELEASES_URL]}"
  if in_git; then
    here=$(release_of HEAD)
    if is_of_another_release "$IMAGES_BEFORE" "$here"; then IMAGES_OUTDATED=true; fi
    if is_of_another_release "$RELEASE_IMAGES" "$here"; then
      IMAGES_OUTDATED=true
      RELEASE_IMAGES=''
    fi
    if [[ ! -f $RELEASE_IMAGES ]]; then
      RELEASE_IMAGES=''
      if [[ -n $here ]] && fetch_release_images "$here" "$WORK"; then RELEASE_IMAGES=$WORK/images.env; fi
    fi
  fi
  [[ -f $RELEASE_IMAGES ]] || $IMAGES_OUTDATED || return 0
  while read -r name wanted; do changes+=("$name" "$wanted"); done < <(image_changes "$RELEASE_IMAGES")
  ((${#changes[@]} == 0)) || env_write "$candidate" "${changes[@]}"
}

# is_of_another_release FILE VERSION: it was fetched, and this clone has been moved since or wants none.
is_of_another_release() {
  local version
  version=$(release_of_images "$1")
  [[ -n $version && ($version != "$2" || $(env_value BASTIDE_RELEASES_URL) == none) ]]
}

keep_release_images() {
  local kept=$ROOT/images.env
  if [[ -n $RELEASE_IMAGES && $RELEASE_IMAGES != "$kept" ]]; then
    changed "put images.env of release $(release_of_images "$RELEASE_IMAGES") here"
    $DRY_RUN || atomic_write "$kept" 644 <"$RELEASE_IMAGES"
  elif [[ -z $RELEASE_IMAGES && -f $kept ]]; then
    changed "remove images.env of release $(release_of_images "$kept")"
    $DRY_RUN || rm -f "$kept"
  fi
  if $DRY_RUN; then return 0; fi
  if [[ -f $kept ]]; then
    cmp -s "$kept" "$IMAGES_BEFORE" || atomic_write "$IMAGES_BEFORE" 600 <"$kept"
  elif $IMAGES_OUTDATED; then
    rm -f "$IMAGES_BEFORE"
  fi
}
