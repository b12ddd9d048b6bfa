# shellcheck shell=bash
# The two restic repositories: local, always; off-site, when BACKUP_OFFSITE_REPOSITORY names one.

REPOSITORY=${BACKUP_REPOSITORY:-/repository}
readonly REPOSITORY

# restic counts these as one host, whatever container made the snapshot.
readonly RESTIC_HOST_NAME=bastide

restic_at() {
  local place=$1
  shift
  # UTC: the retention compares times as text.
  local -a restic=(env TZ=UTC restic --password-file "$SECRETS/backup_repository_password" --cache-dir "$STATE/cache" --retry-lock 2m)
  case $place in
    local) "${restic[@]}" --repo "$REPOSITORY" "$@" ;;
    # A subshell: the off-site credentials stay out of every other process.
    offsite)
      (
        load_offsite_credentials
        "${restic[@]}" "${OFFSITE_OPTIONS[@]}" --repo "$BACKUP_OFFSITE_REPOSITORY" "$@"
      )
      ;;
  esac
}

has_offsite() { [[ -n ${BACKUP_OFFSITE_REPOSITORY:-} ]]; }

# KEY=value lines, never evaluated by the shell; and a key for sftp, which ssh wants in a file of mode 0600.
load_offsite_credentials() {
  local line
  OFFSITE_OPTIONS=()
  if has_secret backup_offsite_env; then
    while IFS= read -r line || [[ -n $line ]]; do
      [[ $line =~ ^([A-Z_][A-Z0-9_]*)=(.*)$ ]] || continue
      export "${BASH_REMATCH[1]}=${BASH_REMATCH[2]}"
    done <"$SECRETS/backup_offsite_env"
  fi
  if has_secret backup_offsite_ssh_key; then
    (umask 077 && secret backup_offsite_ssh_key >"$SCRATCH/ssh_key" && echo >>"$SCRATCH/ssh_key")
    OFFSITE_OPTIONS+=(-o "sftp.args=-i $SCRATCH/ssh_key -o UserKnownHostsFile=$STATE/known_hosts -o StrictHostKeyChecking=accept-new")
  fi
}

# Makes the repository at its first use. One that was there and is gone means a disk that is not mounted: never begin a new
# one silently in its place.
ensure_repository() {
  local place=$1 status=0 known
  # 10: no repository, 12: wrong password (restic's documented exit codes).
  restic_at "$place" cat config >"$SCRATCH/config.json" 2>"$SCRATCH/config.log" || status=$?
  known=$(recall "repository-$place")
  case $status in
    0) ;;
    10)
      [[ -z $known ]] || fail "$EXIT_BACKUP" "The $place backup repository is gone" "It had the id $known and its place is empty: a disk may not be mounted." \
        "Put it back. To begin a new one on purpose: docker compose exec backup rm $STATE/repository-$place"
      log "making the $place repository"
      make_repository "$place" && restic_at "$place" cat config >"$SCRATCH/config.json" || return 1
      ;;
    12) fail "$EXIT_BACKUP" "The $place backup repository refuses the password" 'secrets/backup_repository_password is not one of its keys.' \
      'Put the password back that the repository was made with (recovery kit), or restore secrets/ from your own copy.' ;;
    *) fail "$EXIT_BACKUP" "The $place backup repository cannot be opened" "$(tail -n 1 "$SCRATCH/config.log")" 'Look at the reason above; check the disk, the network and the credentials.' ;;
  esac
  remember "repository-$place" "$(jq -r .id "$SCRATCH/config.json")"
}

make_repository() {
  # The same chunking in both, so that a copy finds what the other side has.
  if [[ $1 == offsite ]]; then
    restic_at offsite init --from-repo "$REPOSITORY" --from-password-file "$SECRETS/backup_repository_password" --copy-chunker-params >&2
  else
    restic_at local init >&2
  fi
}

# A killed run leaves its lock behind. Holding our own turn, every lock of this appliance is a dead one; of others only
# those that restic itself calls stale.
clear_dead_locks() {
  local place=$1 id host others=0 ours=0
  for id in $(restic_at "$place" list locks --no-lock 2>/dev/null); do
    host=$(restic_at "$place" cat lock "$id" --no-lock 2>/dev/null | jq -r '.hostname // ""') || host=''
    if [[ $host == bastide-* ]]; then ours=$((ours + 1)); else others=$((others + 1)); fi
  done
  ((ours + others > 0)) || return 0
  if ((others == 0)); then
    log "removing $ours lock(s) that a killed run left in the $place repository"
    restic_at "$place" unlock --remove-all >&2
  else
    restic_at "$place" unlock >&2
  fi
}

# snapshot PART FILE_OPTIONS…: one restic snapshot of this run; prints restic's summary as JSON.
snapshot() {
  local part=$1 out=$SCRATCH/restic.json status=0
  shift
  restic_at local backup --json --no-scan --host "$RESTIC_HOST_NAME" --time "$RUN_TIME" --read-concurrency 1 \
    --tag "run=$RUN" --tag "part=$part" "${PIN_TAGS[@]}" "$@" >"$out" 2>"$SCRATCH/restic.err" || status=$?
  ((status == 0)) || accept_vanished_files "$status" || {
    report_restic_errors
    return "$status"
  }
  jq -c 'select(.message_type == "summary")' "$out"
}

# 3: some files could not be read. In a live tree files vanish between the listing and the reading; anything else is a failure.
accept_vanished_files() {
  [[ $1 -eq 3 ]] || return 1
  jq -se 'map(select(.message_type == "error")) | length > 0 and all(.error.message | test("no such file or directory"))' "$SCRATCH/restic.err" >/dev/null 2>&1
}

report_restic_errors() { tail -n 20 "$SCRATCH/restic.err" >&2; }
