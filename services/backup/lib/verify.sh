# shellcheck shell=bash
# Reading back: restic compares every blob with its hash on the way.

command_verify() {
  local manifest
  mkdir -p "$SCRATCH" "$TMPDIR"
  manifest=$(resolve_run local "${1:-latest}")
  verify_parts "$manifest"
  log "backup $(jq -r .run <<<"$manifest") reads back whole"
}

verify_parts() {
  local part path snapshot bytes read
  while IFS=$'\t' read -r part path snapshot bytes; do
    if [[ $path == /* ]]; then
      restic_at local dump --no-lock "$snapshot" "$path" >/dev/null || unreadable "$part" "$snapshot"
    else
      read=$(restic_at local dump --no-lock "$snapshot" "$path" | wc -c) || unreadable "$part" "$snapshot"
      [[ $read == "$bytes" ]] || unreadable "$part" "$snapshot"
      verify_format "$part" "$path" "$snapshot"
    fi
  done < <(jq -r '.parts[] | [.part, .path, .snapshot, .bytes] | @tsv' <<<"$1")
}

# The first bytes of mbstream; the table of contents of a PostgreSQL dump.
verify_format() {
  local magic
  case $1 in
    mariadb)
      magic=$(restic_at local dump --no-lock "$3" "$2" 2>/dev/null | head -c 8) || true
      [[ $magic == XBSTCK01 ]] || unreadable "$1" "$3"
      ;;
    # pg_restore stops reading after the table of contents; the rest is drained, or the writer would die of a closed pipe.
    postgres/*) restic_at local dump --no-lock "$3" "$2" | { pg_restore --list >/dev/null && cat >/dev/null; } || unreadable "$1" "$3" ;;
  esac
}

unreadable() {
  fail "$EXIT_BACKUP" "The backup of $1 does not read back" "Snapshot $2 differs from its manifest or from its hashes." \
    'Take a new one and check the disk: backup check 100%'
}

command_check() {
  local from place subset=${1:-2%}
  from=$(date +%s)
  mkdir -p "$SCRATCH" "$TMPDIR"
  for place in local offsite; do
    [[ $place == local ]] || has_offsite || continue
    # Reading back from far away costs traffic: the structure only.
    if [[ $place == local ]]; then set -- --read-data-subset="$subset"; else set --; fi
    restic_at "$place" check --quiet "$@" >&2 || fail "$EXIT_BACKUP" "The $place repository is damaged" 'restic check failed; its lines stand above.' \
      'Keep the repository as it is, take a backup into a new BACKUP_DIR, then see restic repair.'
  done
  remember last-check "$from"
  part_succeeded check "$from" 0
  publish_metrics
}
