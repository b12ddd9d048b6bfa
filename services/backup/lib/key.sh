# shellcheck shell=bash
# Changing the repository's password: add the new one, change the file, remove the old. Any kill in between leaves one that works.

command_key() {
  local place
  take_turn "$EXIT_BACKUP"
  case ${1:-} in
    add)
      (umask 077 && cat >"$SCRATCH/new-password")
      for_each_repository add_key
      rm -f "$SCRATCH/new-password"
      ;;
    prune) for_each_repository prune_keys ;;
    *) fail 2 'key takes add or prune' 'Nothing was done.' 'backup help' ;;
  esac
}

for_each_repository() {
  local place
  for place in local offsite; do
    [[ $place == local ]] || has_offsite || continue
    # A repository that was never made takes the password of its first use.
    restic_at "$place" cat config >/dev/null 2>&1 || [[ -n $(recall "repository-$place") ]] || continue
    clear_dead_locks "$place"
    "$1" "$place"
  done
}

add_key() { restic_at "$1" key add --new-password-file "$SCRATCH/new-password" --host "$RESTIC_HOST_NAME" >&2; }

prune_keys() {
  local id
  for id in $(restic_at "$1" key list --json | jq -r '.[] | select(.current | not) | .id'); do
    restic_at "$1" key remove "$id" >&2
  done
}
