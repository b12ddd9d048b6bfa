#!/bin/sh
# with-secrets.sh COMMAND…: runs COMMAND with NAME=<content of the file> for every variable NAME_FILE that names a file under
# /run/secrets. For images that read secrets from their environment only. Needs no more than sh, env and cat.
#
# A variable that is set (and not empty) wins over its file, as in our own processes. Other variables that happen to end in
# _FILE (SSL_CERT_FILE, KC_LOG_FILE…) are left alone: their files are not under /run/secrets.
set -eu

SECRETS_DIR=${WITH_SECRETS_DIR:-/run/secrets}
newline='
'
unreadable=''

while IFS='=' read -r name file; do
  case $name in
    *[!A-Za-z0-9_]* | [0-9]* | _FILE) continue ;;
    *_FILE) ;;
    *) continue ;;
  esac
  # A line of another variable's value may look like one of ours.
  eval "[ \"\${$name-}\" = \"\$file\" ]" || continue
  case $file in
    "$SECRETS_DIR"/*) ;;
    *) continue ;;
  esac
  target=${name%_FILE}
  if eval "[ -n \"\${$target-}\" ]"; then
    unset "$name"
  elif [ -f "$file" ] && [ -r "$file" ]; then
    value=$(cat "$file")
    export "$target=$value"
    unset "$name"
  else
    unreadable="$unreadable$newline  $name=$file"
  fi
done <<EOT
$(env)
EOT

if [ -n "$unreadable" ]; then
  cat >&2 <<EOT
WHAT  $1 was not started: secrets cannot be read:$unreadable
WHY   The files do not exist in this container, or user $(id -u) may not read them.
FIX   Run scripts/install.sh again: it makes missing secrets and sets their owner and mode; then docker compose up -d.
CODE  20
EOT
  exit 20
fi

unset SECRETS_DIR newline unreadable name file target value WITH_SECRETS_DIR
exec "$@"
