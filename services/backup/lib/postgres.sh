# shellcheck shell=bash
# PostgreSQL: one dump per database, and the roles. Passwords of roles are not in it; they are in secrets/.

connect_postgres() {
  export PGHOST=${POSTGRES_HOST:-postgres} PGPORT=${POSTGRES_PORT:-5432} PGUSER=backup PGCONNECT_TIMEOUT=10 PGPASSFILE=$SCRATCH/pgpass
  write_pgpass backup backup_db_password
}

# write_pgpass USER SECRET
write_pgpass() {
  local password
  password=$(secret "$2")
  password=${password//\\/\\\\}
  (umask 077 && printf '*:*:*:%s:%s\n' "$1" "${password//:/\\:}" >"$SCRATCH/pgpass")
}

# postgres_query DATABASE SQL
postgres_query() { psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 --dbname "$1" --command "$2"; }

postgres_databases() { postgres_query bastide_backup 'select datname from pg_database where datallowconn and not datistemplate order by 1'; }

back_up_postgres() {
  local from database databases summary bytes=0
  from=$(date +%s)
  databases=$(postgres_databases)
  summary=$(snapshot postgres-globals --stdin-filename globals.sql --stdin-from-command -- pg_dumpall --globals-only --no-role-passwords --database=bastide_backup) \
    || fail "$EXIT_BACKUP" 'The roles of PostgreSQL could not be dumped' 'pg_dumpall failed; its lines stand above.' 'Check that the role backup exists (docs/backup.md).'
  require_bytes postgres-globals "$(jq .total_bytes_processed <<<"$summary")" 100
  add_part postgres-globals globals.sql "$summary"
  while IFS= read -r database; do
    # Not compressed by pg_dump: restic finds what did not change and compresses the rest.
    summary=$(snapshot "postgres/$database" --stdin-filename "$database.dump" --stdin-from-command -- pg_dump --format=custom --compress=0 --lock-wait-timeout=60s --dbname "$database") \
      || fail "$EXIT_BACKUP" "PostgreSQL's database $database could not be dumped" 'pg_dump failed; its lines stand above.' 'Check that the role backup has pg_read_all_data and BYPASSRLS.'
    require_bytes "postgres/$database" "$(jq .total_bytes_processed <<<"$summary")" 500
    add_part "postgres/$database" "$database.dump" "$summary"
    bytes=$((bytes + $(jq .total_bytes_processed <<<"$summary")))
  done <<<"$databases"
  part_succeeded postgres "$from" "$bytes"
  log "postgres: $bytes bytes"
}
