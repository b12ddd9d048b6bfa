# shellcheck shell=bash
# Trees of files, each its own part so that each can be restored alone.

SOURCE=${BACKUP_SOURCE:-/source}
readonly SOURCE
# Order: configuration last, so that it is never older than what it opens.
readonly FILE_PARTS=(sites valkey acme bootstrap config)
# A stack without these cannot be brought back.
readonly NEVER_EMPTY=(config)

back_up_files() {
  local part from summary bytes
  for part in "${FILE_PARTS[@]}"; do
    [[ -d $SOURCE/$part ]] || continue
    DOING=$part
    export DOING
    from=$(date +%s)
    guard_not_empty "$part"
    # The sites' logs, locks and bench's own dumps are made anew or hold what MariaDB's copy holds.
    summary=$(snapshot "$part" --exclude "$SOURCE/sites/*/logs" --exclude "$SOURCE/sites/*/locks" --exclude "$SOURCE/sites/*/private/backups" "$SOURCE/$part") \
      || fail "$EXIT_BACKUP" "The files of $part could not be read" 'restic names them above.' 'Check the mounts of the service backup.'
    bytes=$(jq .total_bytes_processed <<<"$summary")
    add_part "$part" "$SOURCE/$part" "$summary"
    part_succeeded "$part" "$from" "$bytes"
    log "$part: $bytes bytes"
  done
}

# A volume that had files at the last backup and has none now was not mounted, or was lost: stop before retention forgets it.
guard_not_empty() {
  local part=$1
  [[ -z $(find "$SOURCE/$part" -type f -print -quit) ]] || {
    remember "seen-$part" yes
    return 0
  }
  if [[ $(recall "seen-$part") == yes || " ${NEVER_EMPTY[*]} " == *" $part "* ]]; then
    fail "$EXIT_BACKUP" "$part is empty" "$SOURCE/$part holds no file, and it must or did." \
      "Mount it again. When it is empty on purpose: docker compose exec backup rm $STATE/seen-$part"
  fi
}
