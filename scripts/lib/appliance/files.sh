# shellcheck shell=bash
# Files that are either as before or as meant, whenever the machine stops.

# atomic_write PATH MODE [OWNER:GROUP]: standard input becomes the file.
atomic_write() {
  local path=$1 mode=$2 owner=${3:-} temporary
  [[ $path == */* ]] || path=./$path
  printf -v temporary '%s/.tmp.%04x%04x' "${path%/*}" "$RANDOM" "$RANDOM"
  (umask 077 && cat >"$temporary")
  [[ -z $owner ]] || chown "$owner" "$temporary"
  chmod "$mode" "$temporary"
  sync "$temporary"
  mv -f "$temporary" "$path"
}

# What a killed atomic_write left in these folders.
remove_temporaries() {
  local folder
  for folder in "$@"; do
    [[ ! -d $folder ]] || find "$folder" -maxdepth 1 -type f -name '.tmp.????????' -delete
  done
}

# is_mode PATH MODE [UID:GID]
is_mode() {
  local wanted=$2 format=%a
  [[ -z ${3:-} ]] || { wanted+=" $3" && format='%a %u:%g'; }
  [[ $(stat -c "$format" "$1" 2>/dev/null) == "$wanted" ]]
}
