# shellcheck shell=bash
# One backup: several snapshots under one run id, and a manifest written last. A run without manifest does not count.

command_run() {
  local reason=manual pin='' patience=0
  while (($# > 0)); do
    case $1 in
      --reason) reason=$2 && shift 2 ;;
      --pin) pin=$2 && shift 2 ;;
      --wait) patience=$2 && shift 2 ;;
      *) fail 2 "Unknown option $1" 'backup run takes --reason, --pin and --wait.' 'backup help' ;;
    esac
  done
  take_turn "$EXIT_BACKUP" "$patience"
  # Not local: the trap runs after the function.
  RUN=$(new_run_id) RUN_STARTED=$(date +%s) PARTS='[]' DOING=run
  RUN_TIME=$(date -u -d "@$RUN_STARTED" '+%F %T')
  PIN_TAGS=()
  [[ -z $pin ]] || PIN_TAGS=(--tag "pin=$pin")
  export RUN_TIME PIN_TAGS DOING
  trap end_of_run EXIT
  trap 'exit 143' TERM
  remember last-attempt "$RUN_STARTED"
  metric backup_last_attempt_timestamp_seconds '' "$RUN_STARTED"
  metric backup_running '' 1
  publish_metrics
  take_backup "$reason" "$pin"
  echo "$RUN"
}

end_of_run() {
  local status=$?
  metric backup_running '' 0
  metric backup_last_run_ok '' "$((status == 0 ? 1 : 0))"
  ((status == 0)) || { part_failed "$DOING" && part_failed run; }
  publish_metrics || true
  exit "$status"
}

take_backup() {
  local from=$RUN_STARTED
  log "backup $RUN ($1) begins"
  write_mariadb_options
  connect_postgres
  ensure_repository local
  clear_dead_locks local
  guard_free_space
  wait_for_databases
  write_markers
  DOING=mariadb
  back_up_mariadb
  DOING=postgres
  back_up_postgres
  back_up_files
  DOING=run
  write_manifest "$1" "$2"
  part_succeeded run "$from" "$(jq 'map(.bytes) | add' <<<"$PARTS")"
  remember last-success "$RUN_STARTED"
  remember last-added "$(jq 'map(.added) | add' <<<"$PARTS")"
  log "backup $RUN is complete after $(($(date +%s) - from)) s"
  publish_metrics
  copy_offsite
  apply_retention
  DOING=check
  check_daily
  measure_repository
}

# 1.3 times what the last run added, and never below a floor: a full disk would stop the databases too.
guard_free_space() {
  local free need
  free=$(df --output=avail -B1 "$REPOSITORY" | tail -n 1)
  need=$(($(recall last-added 0) * 13 / 10))
  ((need > ${BACKUP_MIN_FREE_MB:-1024} * 1048576)) || need=$((${BACKUP_MIN_FREE_MB:-1024} * 1048576))
  metric backup_repository_free_bytes '' "$free"
  ((free >= need)) || fail "$EXIT_BACKUP" 'Too little space for a backup' "$((free / 1048576)) MiB free where the repository is, $((need / 1048576)) MiB needed." \
    'Free some, or move BACKUP_DIR to another disk; BACKUP_MIN_FREE_MB sets the floor.'
}

wait_for_databases() {
  local tries=0 why
  until why=$(mariadb_query 'select 1' 2>&1 >/dev/null && postgres_query bastide_backup 'select 1' 2>&1 >/dev/null); do
    tries=$((tries + 1))
    ((tries < ${BACKUP_WAIT_TRIES:-12})) || fail "$EXIT_BACKUP" 'A database does not answer the backup user' "$why" \
      'docker compose ps mariadb postgres; when they are healthy, check the user backup (docs/backup.md).'
    sleep 5
  done
}

# add_part NAME PATH SUMMARY
add_part() {
  PARTS=$(jq -c --arg part "$1" --arg path "$2" --argjson summary "$3" \
    '. + [{part: $part, path: $path, snapshot: $summary.snapshot_id, bytes: $summary.total_bytes_processed, added: ($summary.data_added_packed // $summary.data_added), files: $summary.total_files_processed}]' <<<"$PARTS")
}

write_manifest() {
  local summary mariadb_version postgres_version
  mariadb_version=$(mariadb_query 'select version()')
  postgres_version=$(postgres_query bastide_backup 'show server_version')
  summary=$(jq -n --arg run "$RUN" --arg reason "$1" --arg pin "$2" --argjson parts "$PARTS" --argjson started "$RUN_STARTED" --argjson ended "$(date +%s)" \
    --arg version "${BASTIDE_VERSION:-}" --arg mariadb "$mariadb_version" --arg postgres "$postgres_version" \
    '{format: 1, run: $run, reason: $reason, pin: $pin, started: $started, ended: $ended, version: $version, mariadb: $mariadb, postgres: $postgres, parts: $parts}' \
    | snapshot manifest --stdin --stdin-filename manifest.json)
  MANIFEST_SNAPSHOT=$(jq -r .snapshot_id <<<"$summary")
  export MANIFEST_SNAPSHOT
}

# A far repository that is away does not undo the local backup: it is reported on its own, and the next run copies both.
copy_offsite() {
  has_offsite || {
    metric backup_offsite_enabled '' 0
    return 0
  }
  metric backup_offsite_enabled '' 1
  local from
  from=$(date +%s)
  if (ensure_repository offsite && clear_dead_locks offsite \
    && restic_at offsite copy --from-repo "$REPOSITORY" --from-password-file "$SECRETS/backup_repository_password" --host "$RESTIC_HOST_NAME" --quiet >&2); then
    part_succeeded offsite "$from" "$(jq 'map(.added) | add' <<<"$PARTS")"
    log "offsite: copied"
  else
    part_failed offsite
    log 'offsite: NOT copied; the local backup is complete, the next run tries again'
  fi
}

measure_repository() {
  metric backup_repository_size_bytes repository=local "$(du -sb "$REPOSITORY" | cut -f1)"
  metric backup_repository_free_bytes '' "$(df --output=avail -B1 "$REPOSITORY" | tail -n 1)"
  metric backup_runs_kept '' "$(manifests local | jq length)"
}

check_daily() {
  local now
  now=$(date +%s)
  ((now - $(recall last-check 0) >= 23 * 3600)) || return 0
  command_check "${BACKUP_CHECK_SUBSET:-2%}"
}
