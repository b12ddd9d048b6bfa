#!/bin/bash
# start.sh [FLAGS…]: MariaDB, with every user made right before it takes its first connection. So a changed secret, or
# data restored from a backup with older passwords, needs a restart and no more.
set -euo pipefail

here=$(dirname "${BASH_SOURCE[0]}")
users=/run/mysqld/users.sql

main() {
  # For the image's own set-up of an empty volume.
  export MARIADB_ROOT_PASSWORD_FILE=/run/secrets/mariadb_root_password MARIADB_ROOT_HOST=localhost MARIADB_AUTO_UPGRADE=1
  local options=()
  # That set-up needs a root without a password; it makes the users by /docker-entrypoint-initdb.d (initdb.sh) instead.
  if [[ -d /var/lib/mysql/mysql ]]; then
    (umask 077 && "$here/users.sh" >"$users")
    options=(--init-file="$users")
  fi
  exec docker-entrypoint.sh mariadbd "${options[@]}" "$@"
}

main "$@"
