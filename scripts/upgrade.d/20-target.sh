# shellcheck shell=bash
# The release to go to, unpacked beside the one that runs, with the settings that it would have.

# find_target → TARGET_COMMIT, TARGET_NAME
find_target() {
  fetch_releases || fail "$EXIT_CONFIG" 'The releases could not be fetched.' "git fetch from $(repository remote get-url origin) failed." \
    'Check the network and the address: git remote -v'
  TARGET_NAME=${WANTED:-$(newest_release)}
  [[ -n $TARGET_NAME ]] || fail "$EXIT_CONFIG" 'There is no release to go to.' 'This clone has no tag of the form v1.2.3.' 'Name one: scripts/upgrade.sh --to <tag or branch>'
  TARGET_COMMIT=$(resolve_release "$TARGET_NAME") || fail "$EXIT_CONFIG" "There is no release $TARGET_NAME." 'Neither a tag, nor a branch of origin, nor a commit has this name.' \
    "The newest: $(repository tag --list 'v[0-9]*' --sort=-version:refname | head -n 5 | paste -sd ' ')"
}

check_for_release() {
  local newest
  fetch_releases || fail "$EXIT_CONFIG" 'The releases could not be fetched.' 'git fetch failed.' 'Check the network: git fetch origin'
  newest=$(newest_release)
  if [[ -n $newest ]] && ! repository merge-base --is-ancestor "$newest" HEAD; then
    tell "$newest is newer than what runs ($(version_at HEAD)). What it changes: scripts/upgrade.sh --dry-run"
    return 0
  fi
  tell "$(version_at HEAD) is the newest release."
  exit 3
}

version_at() { file_at "$1" package.json | sed -nE 's/^  "version": "([^"]+)",?$/\1/p' | head -n 1; }

# unpack_target FOLDER: the target's files and its settings; services are built from there before anything is stopped.
unpack_target() {
  local folder=$1
  rm -rf "$folder"
  mkdir -p "$folder"
  repository archive "$TARGET_COMMIT" | tar -x -C "$folder"
  ln -s "$ROOT/secrets" "$folder/secrets"
  install -m 600 "$ROOT/.env" "$folder/.env"
  bring_images "$folder"
  # In a subshell: the settings in force stay loaded.
  (adopt_settings "$folder/.env" "$folder")
}

# adopt_settings ENV_FILE FOLDER: what the release in FOLDER wants to have in .env. A value of the operator's stays.
adopt_settings() {
  local file=$1 folder=$2 old new version
  local -a pairs=()
  env_load "$file"
  while read -r old new _; do
    [[ $old == [A-Z]* && -n ${ENV_VALUES[$old]:-} && -z ${ENV_VALUES[$new]:-} ]] && pairs+=("$new" "${ENV_VALUES[$old]}")
  done < <(cat "$folder/scripts/upgrade.d/renamed-variables.txt" 2>/dev/null)
  while read -r old new; do pairs+=("$old" "$new"); done < <(image_changes "$folder/images.env")
  version=$(sed -nE 's/^  "version": "([^"]+)",?$/\1/p' "$folder/package.json" 2>/dev/null | head -n 1)
  [[ -z $version ]] || pairs+=(BASTIDE_VERSION "$version")
  ((${#pairs[@]} == 0)) || env_write "$file" "${pairs[@]}"
  [[ ! -f $folder/.env.example ]] || env_adopt "$file" "$folder/.env.example"
}

# bring_images FOLDER: the images.env that somebody put here for the target, or else the one that was published with it. The
# one of the release that runs is not meant.
bring_images() {
  local version
  [[ ! -f $1/images.env ]] || return 0
  if [[ -f $ROOT/images.env && -z $(release_of_images "$ROOT/images.env") ]] && ! cmp -s "$ROOT/images.env" "$IMAGES_BEFORE"; then
    cp "$ROOT/images.env" "$1/images.env"
    return 0
  fi
  version=$(release_of "$TARGET_COMMIT")
  [[ -z $version ]] || fetch_release_images "$version" "$1" || true
}

# put_images FILE: this installation's images.env is that one from now on; without it there is none.
put_images() {
  if [[ -f $1 ]]; then atomic_write "$ROOT/images.env" 644 <"$1"; else rm -f "$ROOT/images.env"; fi
}

# Remembered once the settings follow it.
remember_images() {
  if [[ -f $ROOT/images.env ]]; then
    mkdir -p "${IMAGES_BEFORE%/*}"
    atomic_write "$IMAGES_BEFORE" 600 <"$ROOT/images.env"
  else
    rm -f "$IMAGES_BEFORE"
  fi
}

# target_compose ARGUMENT…: compose as the target's files and settings say.
target_compose() {
  (
    unset_configuration
    cd "$TARGET" || exit 1
    exec docker compose --project-directory "$TARGET" --env-file "$TARGET/.env" "$@"
  )
}

# service_images of the target.
target_images() {
  # shellcheck disable=SC2317 # service_images calls it
  compose() { target_compose "$@"; }
  service_images
}

forget_target() { [[ -z $(get id) ]] || rm -rf "$(upgrade_folder)/target"; }
