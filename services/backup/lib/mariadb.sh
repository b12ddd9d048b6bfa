# shellcheck shell=bash
# MariaDB: a physical copy of the running server. mariadb-backup reads its files and follows the redo log meanwhile.

# mariadb-backup insists on the path that the server itself uses.
MARIADB_DATA=${MARIADB_DATA:-/var/lib/mysql}
readonly MARIADB_CNF=$SCRATCH/mariadb.cnf

write_mariadb_options() {
  local password
  password=$(secret backup_db_password)
  password=${password//\\/\\\\}
  (
    umask 077
    printf '[client]\nuser=backup\nhost=%s\nport=%s\npassword="%s"\nssl=0\n[mariadb-backup]\ndatadir=%s\n' \
      "${MARIADB_HOST:-mariadb}" "${MARIADB_PORT:-3306}" "${password//\"/\\\"}" "$MARIADB_DATA" >"$MARIADB_CNF"
  )
}

mariadb_query() { mariadb --defaults-file="$MARIADB_CNF" --batch --skip-column-names --connect-timeout=10 -e "$1"; }

back_up_mariadb() {
  local from bytes summary
  from=$(date +%s)
  [[ -f $MARIADB_DATA/ibdata1 ]] || fail "$EXIT_BACKUP" 'MariaDB data directory is empty' "$MARIADB_DATA has no ibdata1." 'Mount the volume of MariaDB there, read-only.'
  export MARIADB_CNF MARIADB_LOG=$SCRATCH/mariadb-backup.log
  # restic runs the program and keeps no snapshot when it fails.
  summary=$(snapshot mariadb --stdin-filename mariadb.mbstream --stdin-from-command -- mariadb-stream) || {
    tail -n 15 "$MARIADB_LOG" >&2
    fail "$EXIT_BACKUP" 'MariaDB could not be copied' 'mariadb-backup did not end with completed OK!; its last lines stand above.' 'Mend what they name; the next run tries again.'
  }
  bytes=$(jq .total_bytes_processed <<<"$summary")
  # An empty MariaDB 11.8 already streams more than this.
  require_bytes mariadb "$bytes" 1000000
  add_part mariadb mariadb.mbstream "$summary"
  part_succeeded mariadb "$from" "$bytes"
  log "mariadb: $bytes bytes"
}

require_bytes() {
  (($2 >= $3)) || fail "$EXIT_BACKUP" "The copy of $1 is too small to be true" "$2 bytes, expected at least $3." "Look into the source; nothing was removed from the repository."
}
