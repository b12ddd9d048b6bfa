#!/bin/bash
# start.sh [FLAGS…]: MariaDB, with every user made right before it takes its first connection. So a changed secret, or
# data restored from a backup with older passwords, needs a restart and no more.
set -euo pipefail

here=$(dirname "${BASH_SOURCE[0]}")
users=/run/mysqld/users.sql
data=/var/lib/mysql
# From the beginning of the image's set-up of an empty volume to its last step (initdb.sh).
unfinished=$data/.bastide-first-start

main() {
  # For the image's own set-up of an empty volume.
  export MARIADB_ROOT_PASSWORD_FILE=/run/secrets/mariadb_root_password MARIADB_ROOT_HOST=localhost MARIADB_AUTO_UPGRADE=1
  local options=()
  # The image takes a set-up that was killed midway for a finished one. Nobody could connect to it yet: it is begun again.
  if [[ -f $unfinished && ! -d $data/bastide ]]; then
    find "$data" -mindepth 1 -maxdepth 1 -not -path "$unfinished" -not -name lost+found -exec rm -rf {} +
  fi
  # That set-up needs a root without a password; it makes the users by /docker-entrypoint-initdb.d (initdb.sh) instead.
  if [[ -d $data/mysql ]]; then
    rm -f "$unfinished"
    (umask 077 && "$here/users.sh" >"$users")
    options=(--init-file="$users")
  else
    : >"$unfinished"
  fi
  exec docker-entrypoint.sh mariadbd "${options[@]}" "$@"
}

main "$@"
