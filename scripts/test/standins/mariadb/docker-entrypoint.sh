#!/bin/bash
# The part of upstream's contract that a deployment relies on: MARIADB_* and MARIADB_*_FILE at the first start,
# /docker-entrypoint-initdb.d, MARIADB_AUTO_UPGRADE, the account of healthcheck.sh. Runs as mysql; root drops to it.
set -euo pipefail
shopt -s nullglob

readonly DATADIR=/var/lib/mysql
readonly UNFINISHED=$DATADIR/.first-start
readonly HEALTH=$DATADIR/.my-healthcheck.cnf

from_file() {
  local name=$1 file=$1_FILE
  if [[ -n ${!file:-} ]]; then export "$name=$(<"${!file}")"; fi
}

sql() { mariadb --no-defaults --socket=/run/mysqld/mysqld.sock --protocol=socket -uroot "$@"; }
quoted() { printf "'%s'" "$(sed "s/\\\\/&&/g; s/'/''/g" <<<"$1")"; }

start_temporary() {
  "$@" --skip-networking --socket=/run/mysqld/mysqld.sock &
  TEMPORARY=$!
  local i
  for ((i = 0; i < 600; i++)); do
    if mariadb-admin --no-defaults --socket=/run/mysqld/mysqld.sock ping >/dev/null 2>&1; then return 0; fi
    kill -0 "$TEMPORARY" 2>/dev/null || exit 1
    sleep 0.1
  done
  echo 'the temporary server did not start' >&2
  exit 1
}

stop_temporary() {
  kill "$TEMPORARY"
  wait "$TEMPORARY"
}

make_health_account() {
  local password
  password=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
  printf '[mariadb-client]\nport=3306\nsocket=/run/mysqld/mysqld.sock\nuser=healthcheck\npassword=%s\nprotocol=tcp\n' "$password" >"$HEALTH.new"
  chmod 600 "$HEALTH.new"
  mv "$HEALTH.new" "$HEALTH"
  local host
  for host in 127.0.0.1 ::1 localhost; do
    printf "create or replace user healthcheck@'%s' identified by '%s'; grant usage on *.* to healthcheck@'%s';\n" "$host" "$password" "$host"
  done
}

first_start() {
  : >"$UNFINISHED"
  mariadb-install-db --datadir="$DATADIR" --skip-test-db --auth-root-authentication-method=normal --skip-name-resolve --loose-innodb_buffer_pool_size=64M >/dev/null
  start_temporary "$@"
  local root database user password
  root=$(quoted "${MARIADB_ROOT_PASSWORD:?MARIADB_ROOT_PASSWORD or MARIADB_ROOT_PASSWORD_FILE must be set}")
  database=${MARIADB_DATABASE:-} user=${MARIADB_USER:-} password=$(quoted "${MARIADB_PASSWORD:-}")
  {
    echo 'set @@session.sql_log_bin = 0;'
    make_health_account
    if [[ ${MARIADB_ROOT_HOST:-%} != localhost ]]; then
      echo "create user 'root'@'${MARIADB_ROOT_HOST:-%}' identified by $root; grant all on *.* to 'root'@'${MARIADB_ROOT_HOST:-%}' with grant option;"
    fi
    if [[ -n $database ]]; then echo "create database if not exists \`$database\`;"; fi
    if [[ -n $user ]]; then
      echo "create user '$user'@'%' identified by $password;"
      if [[ -n $database ]]; then echo "grant all on \`$database\`.* to '$user'@'%';"; fi
    fi
    echo "alter user 'root'@'localhost' identified by $root;"
  } | sql mysql
  export MYSQL_PWD=$MARIADB_ROOT_PASSWORD
  run_init_files
  stop_temporary
  rm "$UNFINISHED"
}

# Scripts are sourced unless they can be executed, as upstream does; they may call docker_process_sql.
docker_process_sql() { sql "$@"; }
run_init_files() {
  local file
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh)
        # shellcheck source=/dev/null
        if [[ -x $file ]]; then "$file"; else . "$file"; fi
        ;;
      *.sql) sql ${MARIADB_DATABASE:+"$MARIADB_DATABASE"} <"$file" ;;
      *.sql.gz) gunzip -c "$file" | sql ${MARIADB_DATABASE:+"$MARIADB_DATABASE"} ;;
    esac
  done
}

upgrade_if_needed() {
  [[ -n ${MARIADB_AUTO_UPGRADE:-} ]] || return 0
  mariadb-upgrade --check-if-upgrade-is-needed >/dev/null 2>&1 || return 0
  start_temporary "$@"
  MYSQL_PWD=$MARIADB_ROOT_PASSWORD mariadb-upgrade --upgrade-system-tables
  stop_temporary
}

if [[ ${1:-} == -* ]]; then set -- mariadbd "$@"; fi
if [[ ${1:-} == mariadbd || ${1:-} == mysqld ]]; then
  if [[ $(id -u) == 0 ]]; then
    chown mysql "$DATADIR" /run/mysqld
    exec setpriv --reuid mysql --regid mysql --init-groups "$0" "$@"
  fi
  for name in MARIADB_ROOT_PASSWORD MARIADB_PASSWORD; do from_file "$name"; done
  # A first start that was killed midway must not leave half a data folder that passes for a whole one.
  if [[ ! -d $DATADIR/mysql || -f $UNFINISHED ]]; then
    find "$DATADIR" -mindepth 1 -delete
    first_start "$@"
  elif [[ -f $DATADIR/mysql_upgrade_info || -f $DATADIR/mariadb_upgrade_info ]]; then
    upgrade_if_needed "$@"
  fi
  unset MYSQL_PWD MARIADB_ROOT_PASSWORD MARIADB_PASSWORD
fi
exec "$@"
