# shellcheck shell=bash
# What a published release has beside its tag: images.env, our images by digest. A clone gets no such file from git, so it is
# fetched; without it our images are built here. Needs git.sh.

# releases_url: the address that has download/v1.4.0/images.env below it; nothing when there is none.
releases_url() {
  local url origin
  url=$(env_value BASTIDE_RELEASES_URL)
  if [[ -n $url ]]; then
    [[ $url != none ]] || return 0
    [[ $url =~ ^(https?|file)://[^[:space:]]+$ ]] || fail "$EXIT_CONFIG" 'BASTIDE_RELEASES_URL is no address.' \
      'It begins with https://, http:// or file://, or is none.' "Correct it in $ROOT/.env."
    printf '%s' "${url%/}"
    return 0
  fi
  origin=$(repository remote get-url origin 2>/dev/null || true)
  if [[ $origin =~ ^(https://([^/@]+@)?github\.com/|(ssh://)?git@github\.com[:/])([A-Za-z0-9_.-]+)/([A-Za-z0-9_.-]+)/?$ ]]; then
    printf 'https://github.com/%s/%s/releases' "${BASH_REMATCH[4]}" "${BASH_REMATCH[5]%.git}"
  fi
}

# release_of COMMIT: its version when it is exactly what the tag of that version names, else nothing.
release_of() {
  local version
  version=$(file_at "$1" package.json | sed -nE 's/^  "version": "([0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?)",?$/\1/p' | head -n 1)
  [[ -n $version ]] || return 0
  [[ $(resolve_tag "v$version") != $(repository rev-parse "$1^{commit}") ]] || printf '%s' "$version"
}

resolve_tag() { repository rev-parse --verify --quiet "refs/tags/$1^{commit}" 2>/dev/null || true; }

# fetch_release_images VERSION FOLDER: FOLDER/images.env. Status 1, and a line that says why, when there is none to be had.
fetch_release_images() {
  local version=$1 folder=$2 url from work file published sum
  url=$(releases_url) || exit $?
  if [[ -z $url ]]; then
    tell "No address of releases is set (BASTIDE_RELEASES_URL): our images are built here."
    return 1
  fi
  # An address may hold a password.
  from=$(sed -E 's|//[^/@]*@|//|' <<<"$url")
  work=$(mktemp -d "$folder/.images.XXXXXX") || exit $?
  for file in images.env SHA256SUMS; do
    download "$url/download/v$version/$file" "$work/$file" && continue
    rm -rf "$work"
    tell "Release $version has no $file at $from ($REPLY): our images are built here."
    return 1
  done
  published=$(sed -nE 's/^([0-9a-f]{64}) [ *]images\.env$/\1/p' "$work/SHA256SUMS" | head -n 1)
  sum=$(sha256sum <"$work/images.env") sum=${sum%% *}
  if [[ $published != "$sum" ]]; then
    rm -rf "$work"
    fail "$EXIT_IMAGES" "images.env of release $version is not what was published." \
      "From $from came one with the checksum $sum; SHA256SUMS there says ${published:-nothing about it}." \
      'Run it again; if it stays, tell whoever publishes the releases. BASTIDE_RELEASES_URL=none in .env builds the images here.'
  fi
  own_image_lines "$work/images.env" "$folder" >"$work/accepted"
  if [[ ! -s $work/accepted ]]; then
    rm -rf "$work"
    tell "images.env of release $version names no image of ours: they are built here."
    return 1
  fi
  { echo "# Bastide $version" && cat "$work/accepted"; } | atomic_write "$folder/images.env" 644 || exit $?
  rm -rf "$work"
  tell "images.env of release $version: our images come by digest"
}

# download URL FILE: three tries of half a minute at most; why not is in REPLY.
download() {
  local url=$1 file=$2 try code status protocols='=https'
  case $url in
    file:*) protocols='=file' ;;
    http:*) protocols='=http,https' ;;
  esac
  for try in 1 2 3; do
    status=0
    code=$(curl --silent --show-error --fail --location --max-redirs 5 --proto "$protocols" --proto-redir "${protocols/=file/=https}" \
      --connect-timeout 8 --max-time 30 --max-filesize 1048576 --output "$file" --write-out '%{http_code}' "$url" 2>>"$RUN_LOG") || status=$?
    ((status != 0)) || return 0
    REPLY="status $code"
    case $status in
      22) [[ $code != 4?? || $code == 408 || $code == 429 ]] || return 1 ;;
      37)
        REPLY='no such file'
        return 1
        ;;
      *) REPLY="curl ended with $status" ;;
    esac
    ((try == 3)) || sleep "$try"
  done
  return 1
}

# own_image_lines FILE FOLDER: its lines that name an image of ours by digest, each variable once. What else a file from
# elsewhere says must not reach .env.
own_image_lines() {
  local line ours
  local -A seen=()
  ours=$(own_image_variables "$2")
  while IFS= read -r line || [[ -n $line ]]; do
    [[ $line =~ ^([A-Z][A-Z0-9_]*_IMAGE)=[a-z0-9][a-z0-9._:/-]*@sha256:[0-9a-f]{64}$ ]] || continue
    [[ ! -v seen[${BASH_REMATCH[1]}] && $'\n'$ours$'\n' == *$'\n'"${BASH_REMATCH[1]}"$'\n'* ]] || continue
    seen[${BASH_REMATCH[1]}]=1
    printf '%s\n' "$line"
  done < <(tr -d '\0' <"$1")
}

# own_image_variables FOLDER: as the release in it lists them, or else this one.
own_image_variables() {
  local list=$1/scripts/ci/own-images.txt
  [[ -f $list ]] || list=$ROOT/scripts/ci/own-images.txt
  [[ ! -f $list ]] || awk '!/^#/ && $3 ~ /_IMAGE$/ { print $3 }' "$list"
}

# release_of_images FILE: the release that it was fetched for; nothing when a person or a tarball brought it.
release_of_images() { [[ ! -f $1 ]] || sed -nE '1s/^# Bastide ([^ ]+)$/\1/p' "$1"; }

# What the release before had put into .env by its images.env; written by scripts/install.sh and at the end of an upgrade.
readonly IMAGES_BEFORE=$ROOT/.bastide/appliance/images.env

# image_changes FILE: name and value, one a line. A published release names our images by digest, any other has them built.
# A digest of the release before does not stay, or the old programs would run with the new files; one that a person chose does.
image_changes() {
  local file=$1 name now wanted
  {
    [[ ! -f $file ]] || env_names "$file"
    [[ ! -f $IMAGES_BEFORE ]] || env_names "$IMAGES_BEFORE"
  } | awk '/_IMAGE$/' | sort -u | while read -r name; do
    now=$(env_value "$name") wanted=$(env_default "$file" "$name")
    [[ $now != "$wanted" ]] || continue
    [[ -n $now && $now != "$(env_default "$IMAGES_BEFORE" "$name")" ]] || printf '%s %s\n' "$name" "$wanted"
  done
}
