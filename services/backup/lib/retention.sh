# shellcheck shell=bash
# Retention decides on manifests and removes whole runs. Pinned runs stay until they are unpinned.

keep_options() {
  printf '%s\n' --keep-hourly "${BACKUP_KEEP_HOURLY:-24}" --keep-daily "${BACKUP_KEEP_DAILY:-7}" \
    --keep-weekly "${BACKUP_KEEP_WEEKLY:-4}" --keep-monthly "${BACKUP_KEEP_MONTHLY:-12}"
}

apply_retention() {
  retain_at local
  if has_offsite && [[ ${BACKUP_OFFSITE_APPEND_ONLY:-false} != true ]]; then
    retain_at offsite || log 'offsite: retention failed; the next run tries again'
  fi
}

retain_at() {
  local place=$1 gone pruned
  gone=$(snapshots_to_forget "$place")
  if [[ -n $gone ]]; then
    log "$place: forgetting $(wc -w <<<"$gone") snapshots"
    # shellcheck disable=SC2086 # a list of ids
    restic_at "$place" forget --quiet $gone >&2
  fi
  # Rewriting packs is the dear half: once a day.
  pruned=$(recall "last-prune-$place" 0)
  if (($(date +%s) - pruned >= 23 * 3600)); then
    restic_at "$place" prune --quiet --max-unused 10% >&2
    remember "last-prune-$place" "$(date +%s)"
  fi
}

# Ids, manifests first: a run that loses its manifest no longer counts, should this be killed between two. Then what no
# manifest names any more: a run that was killed, left a day for one that may be copied right now.
snapshots_to_forget() {
  local place=$1 all removed
  local -a keep
  mapfile -t keep < <(keep_options)
  all=$(restic_at "$place" snapshots --json)
  removed=$(restic_at "$place" forget --dry-run --json --group-by '' --tag part=manifest "${keep[@]}" | jq '[.[]?.remove[]?.id]')
  jq -r --argjson removed "$removed" --argjson now "$(date +%s)" '
    def tag(name): (.tags // []) | map(select(startswith(name + "="))) | first // "" | ltrimstr(name + "=");
    def epoch: .time[0:19] + "Z" | fromdate;
    (map(select(tag("pin") != "") | tag("run")) | unique) as $pinned
    | (map(select(.id as $id | $removed | index($id))) | map(tag("run")) | unique - $pinned) as $goners
    | (map(select(tag("part") == "manifest") | tag("run")) | unique) as $complete
    | map(select(tag("run") as $run | ($goners | index($run)) or (($complete | index($run) | not) and $now - epoch > 86400)))
    | sort_by(tag("part") != "manifest") | .[].id' <<<"$all"
}

command_unpin() {
  [[ -n ${1:-} ]] || fail 2 'unpin needs a name' 'A pin is removed by the name it was made with.' 'backup list'
  take_turn "$EXIT_BACKUP"
  clear_dead_locks local
  restic_at local tag --tag "pin=$1" --remove "pin=$1" --quiet >&2
}
