# shellcheck shell=bash
# Restoring into volumes mounted rw (service `restore`). Each part can be repeated: a killed restore is begun again.

TARGET=${BACKUP_RESTORE_TARGET:-/restore}
readonly TARGET
# The servers' own user in their images.
MARIADB_OWNER=${MARIADB_OWNER:-999:999}

command_restore() {
  local wanted=${1:-} manifest part patience=0 if_present=false
  local -a parts=()
  PLACE=local
  [[ -n $wanted && $wanted != --* ]] || fail 2 'restore needs a backup' 'Name a run of backup list, or latest.' 'backup restore latest --into mariadb'
  shift
  while (($# > 0)); do
    case $1 in
      --into) parts+=("$2") && shift 2 ;;
      --repository) PLACE=$2 && shift 2 ;;
      --wait) patience=$2 && shift 2 ;;
      --if-present) if_present=true && shift ;;
      *) fail 2 "Unknown option $1" 'restore takes --into PART, --repository local|offsite, --wait and --if-present.' 'backup help' ;;
    esac
  done
  ((${#parts[@]} > 0)) || fail 2 'restore needs --into' 'Say what to overwrite.' 'backup help lists the parts.'
  take_turn "$EXIT_RESTORE" "$patience"
  clear_dead_locks "$PLACE"
  manifest=$(resolve_run "$PLACE" "$wanted")
  log "restoring $(jq -r .run <<<"$manifest") of $(jq -r '.started | todate' <<<"$manifest")"
  if [[ ${parts[*]} == all ]]; then mapfile -t parts < <(every_part "$manifest"); fi
  for part in "${parts[@]}"; do
    if $if_present && ! every_part "$manifest" | grep -qxF "$part"; then continue; fi
    case $part in
      mariadb) restore_mariadb "$manifest" ;;
      postgres) restore_postgres "$manifest" ;;
      sites | valkey | acme | bootstrap | config) restore_files "$manifest" "$part" ;;
      *) fail 2 "There is no part $part" 'Parts: mariadb postgres sites valkey acme bootstrap config all.' 'backup help' ;;
    esac
    log "$part: restored"
  done
}

# What this backup holds, PostgreSQL last: it alone needs a running server.
every_part() { jq -r '[.parts[].part | if startswith("postgres") then "postgres" else . end] | unique | sort_by(. == "postgres") | .[]' <<<"$1"; }

# part_of MANIFEST NAME: prints "snapshot path"
part_of() {
  jq -r --arg part "$2" '.parts[] | select(.part == $part) | "\(.snapshot) \(.path)"' <<<"$1"
}

restore_files() {
  local part=$2 snapshot path
  read -r snapshot path < <(part_of "$1" "$part") || fail "$EXIT_RESTORE" "This backup has no part $part" 'It was not mounted when the backup was taken.' 'Restore the other parts.'
  mkdir -p "$TARGET/$part"
  # The target becomes equal to the backup; what the backup leaves out stays. The configuration is laid beside the live one, only added to.
  local -a options=(--delete --exclude '/*/logs' --exclude '/*/locks' --exclude '/*/private/backups')
  [[ $part != config ]] || options=()
  restic_at "$PLACE" restore "$snapshot:$path" --target "$TARGET/$part" --quiet "${options[@]}" >&2
}

# Extracted and prepared beside the old data on the same volume; only a copy that is ready takes its place.
restore_mariadb() {
  local data=$TARGET/mariadb fresh=$TARGET/mariadb/.restoring snapshot path
  if mariadb_answers; then
    fail "$EXIT_RESTORE" 'MariaDB is running' 'Its files cannot be changed under it.' 'docker compose stop mariadb, and what uses it'
  fi
  read -r snapshot path < <(part_of "$1" mariadb)
  rm -rf "$fresh"
  room_for "$data" "$(jq -r '.parts[] | select(.part == "mariadb") | .bytes' <<<"$1")"
  mkdir -p "$fresh"
  restic_at "$PLACE" dump --no-lock "$snapshot" "$path" | mbstream --extract --directory "$fresh"
  mariadb-backup --no-defaults --prepare --use-memory="${BACKUP_PREPARE_MEMORY:-128M}" --target-dir="$fresh" 2>"$SCRATCH/prepare.log" || true
  tail -n 1 "$SCRATCH/prepare.log" | grep -q 'completed OK!$' || {
    tail -n 15 "$SCRATCH/prepare.log" >&2
    fail "$EXIT_RESTORE" 'The copy of MariaDB could not be prepared' 'mariadb-backup did not end with completed OK!.' 'The data in place was not touched. Try an older backup.'
  }
  chown -R "$MARIADB_OWNER" "$fresh"
  sync -f "$fresh"
  # From here to the end a kill leaves half a directory: the same command again mends it.
  find "$data" -mindepth 1 -maxdepth 1 ! -name .restoring -exec rm -rf {} +
  find "$fresh" -mindepth 1 -maxdepth 1 -exec mv -t "$data" {} +
  sync -f "$data"
  rmdir "$fresh"
}

# room_for FOLDER BYTES: a copy that fills the disk would leave the server no room to start with the data that it has.
room_for() {
  local free need=$(($2 * 11 / 10))
  free=$(df --output=avail -B1 "$1" | tail -n 1)
  ((free >= need)) || fail "$EXIT_RESTORE" 'Too little space to restore MariaDB' \
    "$((free / 1048576)) MiB free where its data is, $((need / 1048576)) MiB needed: the copy is made beside the data in place, which was not touched." \
    'Free some (docker image prune, docker system df), then the same command again.'
}

mariadb_answers() { (exec 3<>"/dev/tcp/${MARIADB_HOST:-mariadb}/${MARIADB_PORT:-3306}") 2>/dev/null; }

# Each database is filled under another name and then takes the place of the old one.
restore_postgres() {
  local part database snapshot path
  export PGHOST=${POSTGRES_HOST:-postgres} PGPORT=${POSTGRES_PORT:-5432} PGUSER=${POSTGRES_SUPERUSER:-postgres} PGCONNECT_TIMEOUT=10 PGPASSFILE=$SCRATCH/pgpass
  write_pgpass "$PGUSER" postgres_password
  postgres_query postgres 'select 1' >/dev/null || fail "$EXIT_RESTORE" 'PostgreSQL does not answer' 'It is restored through the running server.' 'docker compose up -d --wait postgres'
  read -r snapshot path < <(part_of "$1" postgres-globals)
  # Roles that exist stay as they are: their passwords come from secrets/ and are not in the backup.
  restic_at "$PLACE" dump --no-lock "$snapshot" "$path" | psql --no-psqlrc --quiet --dbname postgres >/dev/null 2>"$SCRATCH/globals.log" || true
  while read -r part snapshot path; do
    database=${part#postgres/}
    [[ $database == postgres ]] || restore_postgres_database "$database" "$snapshot" "$path"
  done < <(jq -r '.parts[] | select(.part | startswith("postgres/")) | "\(.part) \(.snapshot) \(.path)"' <<<"$1")
}

restore_postgres_database() {
  local database=$1 fresh="$1__restoring" old="$1__replaced" dump=$STATE/restore.dump own owner
  restic_at "$PLACE" dump --no-lock "$2" "$3" >"$dump"
  # What belongs to the database itself: pg_restore gives it only together with the name, and this one is filled under another.
  own=$(pg_restore --create --schema-only --file=- "$dump" | grep -E '^(ALTER DATABASE .* (SET|OWNER TO) |(GRANT|REVOKE) .* ON DATABASE )' || true)
  owner=$(sed -nE 's/^ALTER DATABASE .* OWNER TO "?([^";]+)"?;$/\1/p' <<<"$own" | head -n 1)
  postgres_query postgres "drop database if exists \"$fresh\" with (force)"
  postgres_query postgres "create database \"$fresh\" owner \"${owner:-postgres}\" template template0"
  pg_restore --dbname "$fresh" --exit-on-error "$dump"
  rm -f "$dump"
  psql --no-psqlrc --quiet --tuples-only --set ON_ERROR_STOP=1 --dbname postgres >/dev/null <<SQL
drop database if exists "$old" with (force);
select format('alter database %I allow_connections false', datname) from pg_database where datname = '$database' \gexec
select pg_terminate_backend(pid) from pg_stat_activity where datname = '$database';
select format('alter database %I rename to %I', datname, '$old') from pg_database where datname = '$database' \gexec
alter database "$fresh" rename to "$database";
drop database if exists "$old" with (force);
$own
SQL
}
