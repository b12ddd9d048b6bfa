#!/bin/bash
# Healthy is: Lago's own role can log in over the network and read its database.
set -euo pipefail

PGPASSWORD=$(</run/secrets/lago_db_password)
export PGPASSWORD PGCONNECT_TIMEOUT=4
exec psql --no-psqlrc --quiet --tuples-only --host 127.0.0.1 --username lago --dbname lago --command 'select 1' >/dev/null
