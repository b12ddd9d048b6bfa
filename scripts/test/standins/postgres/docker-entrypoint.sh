#!/bin/bash
# The part of upstream's contract that a deployment relies on: POSTGRES_* and POSTGRES_*_FILE at the first start,
# /docker-entrypoint-initdb.d, PGDATA. Runs as postgres; root drops to it.
set -euo pipefail
shopt -s nullglob

from_file() {
  local name=$1 file=$1_FILE
  if [[ -n ${!file:-} ]]; then export "$name=$(<"${!file}")"; fi
}

docker_process_sql() { psql -v ON_ERROR_STOP=1 --no-psqlrc --username "$POSTGRES_USER" --dbname "${POSTGRES_DB:-$POSTGRES_USER}" "$@"; }

first_start() {
  [[ -n ${POSTGRES_PASSWORD:-} ]] || {
    echo 'POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE must be set' >&2
    exit 1
  }
  # Made aside and moved, PG_VERSION last: a first start that was killed midway must not pass for a whole one.
  local new=$PGDATA/.new
  find "$PGDATA" -mindepth 1 -delete
  # shellcheck disable=SC2086 # a list of options
  initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") --pgdata="$new" ${POSTGRES_INITDB_ARGS:-} >/dev/null
  printf '\nhost all all all %s\n' "${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >>"$new/pg_hba.conf"
  export PGPASSWORD=$POSTGRES_PASSWORD PGHOST=
  PGUSER=$POSTGRES_USER pg_ctl -D "$new" -o "$(printf '%q ' "${@:2}" -c listen_addresses='' -p 5432)" -w start >/dev/null
  if [[ $POSTGRES_DB != postgres ]]; then
    docker_process_sql --dbname postgres --set db="$POSTGRES_DB" <<<'create database :"db";'
  fi
  local file
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh)
        # shellcheck source=/dev/null
        if [[ -x $file ]]; then "$file"; else . "$file"; fi
        ;;
      *.sql) docker_process_sql -f "$file" ;;
      *.sql.gz) gunzip -c "$file" | docker_process_sql ;;
    esac
  done
  PGUSER=$POSTGRES_USER pg_ctl -D "$new" -m fast -w stop >/dev/null
  unset PGPASSWORD PGHOST
  find "$new" -mindepth 1 -maxdepth 1 -not -name PG_VERSION -exec mv -t "$PGDATA" {} +
  mv "$new/PG_VERSION" "$PGDATA"
  rmdir "$new"
}

if [[ ${1:-} == -* ]]; then set -- postgres "$@"; fi
if [[ ${1:-} == postgres ]]; then
  if [[ $(id -u) == 0 ]]; then
    mkdir -p "$PGDATA"
    chown postgres "$PGDATA" /run/postgresql
    exec setpriv --reuid postgres --regid postgres --init-groups "$0" "$@"
  fi
  for name in POSTGRES_PASSWORD POSTGRES_USER POSTGRES_DB; do from_file "$name"; done
  export POSTGRES_USER=${POSTGRES_USER:-postgres}
  export POSTGRES_DB=${POSTGRES_DB:-$POSTGRES_USER}
  mkdir -p "$PGDATA"
  chmod 700 "$PGDATA" 2>/dev/null || true
  if [[ ! -s $PGDATA/PG_VERSION ]]; then first_start "$@"; fi
  unset POSTGRES_PASSWORD
fi
exec "$@"
