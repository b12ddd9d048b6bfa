# shellcheck shell=bash
# secrets/.rotating/NAME is the value that is being spread, NAME.old the one before: both stay until everything has taken
# the new one.

readonly ROTATING=$SECRETS_DIR/.rotating

# prepare_value NAME RECIPE: a value that an interrupted run had begun to spread is kept.
prepare_value() {
  local name=$1
  install -d -m 700 "$ROTATING"
  if [[ -e $ROTATING/$name && -z $FROM ]]; then
    tell 'going on with the value of the run before'
    return 0
  fi
  [[ -e $ROTATING/$name.old ]] || atomic_write "$ROTATING/$name.old" 400 < <(secret "$name")
  case $FROM in
    '') generate "$(secret_kind "$name")" ;;
    -) cat ;;
    *) cat "$FROM" ;;
  esac | without_end | atomic_write "$ROTATING/$name" 400
}

# As put_secret: no line break at the end.
without_end() {
  local value
  value=$(cat)
  printf '%s' "$value"
}

# spread_value NAME: into the file and into those that are composed of it.
spread_value() {
  local name
  overwrite "$1" <"$ROTATING/$1"
  while read -r name; do
    [[ $(derive "$name") == "$(secret "$name")" ]] || overwrite "$name" < <(derive "$name")
  done < <(derived_secrets)
}

derived_secrets() { secret_list | awk '$2 == "derived" { print $1 }'; }

# overwrite NAME: in place, because running containers have this very file mounted; another file under its name would reach
# them only by a restart. One write, then the length: no moment with an empty file.
overwrite() {
  local path=$SECRETS_DIR/$1 aside=$ROTATING/.writing
  (umask 077 && cat >"$aside")
  if [[ -f $path ]]; then
    dd if="$aside" of="$path" conv=notrunc,fsync bs=64k status=none
    truncate -s "$(stat -c %s "$aside")" "$path"
  else
    put_secret "$1" <"$aside"
  fi
  rm -f "$aside"
}

forget_old() {
  rm -f "$ROTATING/$1" "$ROTATING/$1.old"
  rmdir --ignore-fail-on-non-empty "$ROTATING"
}
