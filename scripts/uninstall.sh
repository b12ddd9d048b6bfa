#!/usr/bin/env bash
# Removes what an installation made, and nothing else: containers, networks and, only when told so, its data.
set -Eeuo pipefail

# shellcheck source=scripts/lib/appliance/load.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/appliance/load.sh"

usage() {
  cat <<'TEXT'
Usage: scripts/uninstall.sh [--keep-data | --delete-data] [--yes-delete DOMAIN] [--no-backup] [--dry-run]

  --keep-data          removes containers and networks; volumes, .env, secrets/ and backups stay (the default).
                       scripts/install.sh brings all of it back.
  --delete-data        removes the volumes, .env, secrets/ and images of this installation as well. Asks for the
                       domain. Backups stay: remove BACKUP_DIR yourself.
  --yes-delete DOMAIN  the answer to that question, for scripts
  --no-backup          no backup before data is deleted
  --dry-run            says what it would remove and changes nothing
TEXT
}

DELETE=false
DRY_RUN=false
BACKUP=true
ANSWER=''
REMOVED=0
# What could not be removed, and what the engine said; the rest goes on without it.
LEFT=''

main() {
  parse_arguments "$@"
  catch_errors scripts/uninstall.sh
  is_root || fail "$EXIT_PREFLIGHT_FAILED" 'This is not root.' 'Containers and secrets belong to root.' 'sudo scripts/uninstall.sh'
  if ! $DRY_RUN; then
    start_run_log uninstall
    take_lock scripts/uninstall.sh
  fi
  env_load "$ROOT/.env"
  if $DELETE; then
    consent
    last_backup
  fi
  remove containers ps -aq
  remove networks network ls -q
  if $DELETE; then
    remove volumes volume ls -q
    remove_images
    remove_files
  fi
  finish
}

parse_arguments() {
  while (($# > 0)); do
    case $1 in
      --keep-data) DELETE=false ;;
      --delete-data) DELETE=true ;;
      --yes-delete)
        DELETE=true
        ANSWER=${2:?--yes-delete needs the domain}
        shift
        ;;
      --no-backup) BACKUP=false ;;
      --dry-run) DRY_RUN=true ;;
      -h | --help)
        usage
        exit 0
        ;;
      *) wrong_usage "unknown argument $1" ;;
    esac
    shift
  done
}

# Deleting needs the domain, typed: a habit of answering "y" must not be enough. Without .env there is no domain to type,
# and what is left of data is only reachable by the project's name.
consent() {
  local wanted
  wanted=$(env_value DOMAIN "$(project)")
  $DRY_RUN && return 0
  if [[ -z $ANSWER && -t 0 && -t 2 ]]; then
    printf '? All data of this installation will be gone. Type %s to go on: ' "$wanted" >&2
    read -r ANSWER
  fi
  [[ $ANSWER == "$wanted" ]] || fail "$EXIT_PREFLIGHT_FAILED" 'Nothing was removed.' \
    "Deleting the data needs the domain $wanted, and ${ANSWER:-nothing} was given." \
    "scripts/uninstall.sh --delete-data and type $wanted, or --yes-delete $wanted. Without deleting: --keep-data"
}

last_backup() {
  $BACKUP || return 0
  if ! container_states | grep -q $'^backup\trunning\t'; then
    tell 'no last backup: nothing runs here that could make one'
    return 0
  fi
  if $DRY_RUN; then
    tell 'would: make a last backup'
    return 0
  fi
  step "$EXIT_BACKUP" 'A last backup (--no-backup leaves it out)'
  with_progress 'the backup' compose exec -T backup backup run || fail "$EXIT_BACKUP" 'The last backup failed, so nothing was removed.' "$(log_tail 5)" \
    'Mend it (scripts/doctor.sh), or leave it out: --no-backup'
}

# remove WHAT LIST-COMMAND…: everything of that kind that carries this project's label.
remove() {
  local what=$1 ids
  shift
  mapfile -t ids < <(docker "$@" --filter "label=com.docker.compose.project=$(project)")
  ((${#ids[@]} > 0)) || return 0
  REMOVED=$((REMOVED + ${#ids[@]}))
  if $DRY_RUN; then
    tell "would: remove ${#ids[@]} $what"
    return 0
  fi
  tell "removing ${#ids[@]} $what"
  case $what in
    # First all are asked to end, the databases with the time they need; then they are removed.
    containers) logged docker stop -t 60 "${ids[@]}" && logged docker rm --force "${ids[@]}" ;;
    # The engine says "has active endpoints" for a moment after the last container is gone.
    networks | volumes) removed_within 4 "$@" ;;
  esac || LEFT+="$what: $(log_tail 1)"$'\n'
}

# removed_within TRIES network|volume LIST-OPTION…: what is left of them each time.
removed_within() {
  local tries=$1 kind=$2 ids try
  shift
  for ((try = 0; try < tries; try++)); do
    mapfile -t ids < <(docker "$@" --filter "label=com.docker.compose.project=$(project)")
    ((${#ids[@]} > 0)) || return 0
    if logged docker "$kind" rm "${ids[@]}"; then return 0; fi
    ((try + 1 == tries)) || sleep 2
  done
  return 1
}

# What scripts/upgrade.sh keeps for a way back: a name each, which holds the image.
remove_held_images() {
  local file service name held=()
  for file in "$ROOT"/.bastide/upgrade/sets/*; do
    [[ -f $file ]] || continue
    while IFS=$'\t' read -r service _; do
      name=bastide/rollback:${file##*/}-$service
      if docker image inspect "$name" >/dev/null 2>&1; then held+=("$name"); fi
    done <"$file"
  done
  ((${#held[@]} > 0)) || return 0
  REMOVED=$((REMOVED + ${#held[@]}))
  if $DRY_RUN; then tell "would: remove ${#held[@]} names of images that were kept for a way back"; else
    tell "removing ${#held[@]} names of images that were kept for a way back"
    logged docker image rm "${held[@]}" || tell 'some are in use elsewhere and stay'
  fi
}

# Only images that this folder built; what was pulled may serve others, and `docker image prune -a` frees it.
remove_images() {
  local images
  remove_held_images
  mapfile -t images < <(docker image ls --filter "label=com.docker.compose.project=$(project)" -q | sort -u)
  ((${#images[@]} > 0)) || return 0
  REMOVED=$((REMOVED + ${#images[@]}))
  if $DRY_RUN; then tell "would: remove ${#images[@]} images that were built here"; else
    tell "removing ${#images[@]} images that were built here"
    logged docker image rm --force "${images[@]}" || tell 'some are in use elsewhere and stay'
  fi
}

remove_files() {
  local path
  # An upgrade's folder holds copies of the settings and secrets of before it.
  for path in .env secrets .bastide/upgrade .bastide/appliance; do
    [[ -e $ROOT/$path ]] || continue
    # The lock's own folder is there in every run.
    [[ $path == .bastide/appliance && ! -f $STATE_FILE ]] || REMOVED=$((REMOVED + 1))
    if $DRY_RUN; then tell "would: remove $path"; else rm -rf "${ROOT:?}/$path"; fi
  done
}

finish() {
  [[ -z $LEFT ]] || fail "$EXIT_START" 'Not everything could be removed.' "${LEFT%$'\n'}" \
    'Run scripts/uninstall.sh again. A network whose "active endpoints" belong to no container goes away after: systemctl restart docker'
  if ((REMOVED == 0)); then
    printf '✔ Nothing to remove.\n' >&2
  elif $DRY_RUN; then
    printf 'Nothing was removed (--dry-run).\n' >&2
  elif $DELETE; then
    printf '✔ Removed. Backups are still in %s; the copy of their key that you keep opens them.\n' "$(env_value BACKUP_DIR ./backups/repository)" >&2
  else
    printf '✔ Removed the containers. Data, .env, secrets/ and backups are still here; scripts/install.sh starts all of it again.\n' >&2
  fi
}

main "$@"
