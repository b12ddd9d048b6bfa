#!/bin/bash
# Healthy is: the application's own user can log in over the network and read. The server that the image starts to set up
# an empty volume listens on no network, so it does not count.
set -euo pipefail

MYSQL_PWD=$(</run/secrets/database_password)
export MYSQL_PWD
exec mariadb --no-defaults --protocol=tcp --host=127.0.0.1 --user=bastide --connect-timeout=4 \
  --skip-column-names --batch --execute='select 1' bastide >/dev/null
