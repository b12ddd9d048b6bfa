#!/bin/bash
# Makes Lago's database, its role, the roles of monitoring and backup, and pg_partman right in the running server. Said
# again it changes nothing. start.sh calls it at every start; after a secret was changed without one:
#   docker compose exec postgres ensure-roles.sh
set -euo pipefail

SECRETS=${SECRETS_DIR:-/run/secrets}
SOCKET=${1:-/var/run/postgresql}

main() {
  superuser | run postgres
  role lago lago_db_password
  role backup backup_db_password 'replication bypassrls'
  role monitoring monitoring_db_password '' 5
  database lago lago
  # Where each backup leaves a mark that a restore must find again; nothing else is writable for it.
  database bastide_backup backup
  grants | run postgres
  partman | run lago
}

superuser() {
  printf 'alter role postgres password %s;\n' "$(quoted postgres_password)"
}

# role NAME SECRET [OPTIONS] [CONNECTIONS]: exists, may log in, has exactly this password.
role() {
  local name=$1 password options=${3:-} connections=${4:--1}
  password=$(quoted "$2")
  run postgres <<SQL
select 'create role $name' where not exists (select 1 from pg_roles where rolname = '$name') \gexec
alter role $name login $options connection limit $connections password $password;
SQL
}

database() {
  run postgres <<SQL
select 'create database $1 owner $2' where not exists (select 1 from pg_database where datname = '$1') \gexec
SQL
}

# Backup reads all data and copies the cluster; neither may change anything.
grants() {
  cat <<'SQL'
alter database lago owner to lago;
revoke connect on database postgres from public;
grant connect on database postgres to monitoring, backup;
grant pg_monitor to monitoring;
grant pg_read_all_data to backup;
grant execute on function pg_backup_start(text, boolean), pg_backup_stop(boolean), pg_switch_wal() to backup;
SQL
}

# The extension may be made by a superuser only; Lago's migrations find it and use it.
partman() {
  cat <<'SQL'
create schema if not exists partman authorization lago;
create extension if not exists pg_partman schema partman;
grant all on all tables in schema partman to lago;
grant all on all sequences in schema partman to lago;
grant execute on all routines in schema partman to lago;
SQL
}

run() { PGOPTIONS='-c client_min_messages=warning' psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --host "$SOCKET" --username postgres --dbname "$1" "${@:2}"; }

quoted() {
  local file=$SECRETS/$1 text
  [[ -s $file ]] || {
    echo "$file is missing or empty" >&2
    exit 78
  }
  text=$(<"$file")
  printf "'%s'" "${text//\'/\'\'}"
}

main "$@"
