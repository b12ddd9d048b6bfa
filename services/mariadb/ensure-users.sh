#!/bin/bash
# Makes every user right in the running server, for a secret that was changed without a restart:
#   docker compose exec mariadb /etc/bastide/ensure-users.sh [OLD_ROOT_PASSWORD_FILE]
# The server still knows root by its old password while that is being changed: then name the file that holds it.
set -euo pipefail

here=$(dirname "${BASH_SOURCE[0]}")
MYSQL_PWD=$(<"${1:-/run/secrets/mariadb_root_password}")
export MYSQL_PWD
"$here/users.sh" | mariadb --no-defaults --protocol=socket --user=root
echo 'Users and databases are as they should be.'
