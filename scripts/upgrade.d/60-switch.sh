# shellcheck shell=bash
# The downtime begins: writers stop, a backup is taken and read back, the files change.

# Running services that may write; what keep-running.txt names stays up.
writers() {
  container_states | awk -F'\t' '$2 == "running" || $2 == "restarting" { print $1 }' | sort -u \
    | grep -vxF -f <(grep -v '^#' "$ROOT/scripts/upgrade.d/keep-running.txt") || true
}

step_stop() {
  local services
  step "$EXIT_START" 'Stopping what writes'
  [[ -n $(get downtime_since) ]] || put downtime_since "$(date +%s)"
  mapfile -t services < <(writers)
  ((${#services[@]} > 0)) || return 0
  tell "${services[*]}"
  # --timeout is left to each service's stop_grace_period.
  with_progress 'stopping' compose --progress plain stop "${services[@]}" || fail "$EXIT_START" 'The services could not be stopped.' "$(log_tail 3)" 'docker compose ps'
}

step_back_up() {
  local run
  step "$EXIT_BACKUP" 'Backup, with the writers stopped'
  if [[ -n $(get backup) ]]; then
    tell "$(get backup) was taken and verified"
    return 0
  fi
  run=$(take_backup "upgrade-$(get id)")
  put backup "$run"
}

# take_backup PIN: prints the run's id. It is read back whole before it counts.
take_backup() {
  local run from=$SECONDS
  # A backup that is running already (the nightly one, or that of a killed upgrade) is waited for.
  run=$(backup_program run --wait 3600 --reason upgrade --pin "$1" 2>>"$RUN_LOG" | tail -n 1 | tr -d '\r') || true
  [[ $run =~ ^[0-9a-f-]{36}$ ]] || fail "$EXIT_BACKUP" 'The backup failed.' "$(log_tail 8)" 'docker compose logs backup; then run scripts/upgrade.sh again.'
  logged backup_program verify "$run" || fail "$EXIT_BACKUP" 'The backup does not read back.' "$(log_tail 8)" 'docker compose exec backup backup check 100%'
  tell "$run, taken and read back in $((SECONDS - from)) s"
  echo "$run"
}

# backup_program ARGUMENT…: in the running container, or in one of its own when it is down.
backup_program() {
  if [[ -n $(container_states | awk -F'\t' '$1 == "backup" && $2 == "running"') ]]; then
    compose exec -T backup backup "$@" </dev/null
  else
    compose run --rm -T --no-deps backup "$@" </dev/null
  fi
}

step_switch() {
  step "$EXIT_CONFIG" "Files of $(get to_version)"
  keep_settings
  repository checkout --quiet --detach "$(get to)" || fail "$EXIT_CONFIG" 'git could not switch to the target.' 'See above.' 'git status'
  put_images "$(upgrade_folder)/target/images.env"
  adopt_settings "$ROOT/.env" "$ROOT"
  # The target's own list of secrets; those that are there keep their values.
  # shellcheck disable=SC2016 # expanded by the inner shell
  logged bash -c 'set -Eeuo pipefail; source "$1/scripts/lib/appliance/load.sh"; env_load "$ENV_FILE"; ensure_secrets' _ "$ROOT"
}

# .env and secrets/ as they are before the switch. Complete or not there.
keep_settings() {
  local folder
  folder=$(upgrade_folder)/before
  [[ ! -d $folder ]] || return 0
  rm -rf "$folder.new"
  install -d -m 700 "$folder.new"
  cp -a "$ROOT/.env" "$folder.new/.env"
  # Of what .env follows: another one may lie here for the target already.
  [[ ! -f $IMAGES_BEFORE ]] || cp "$IMAGES_BEFORE" "$folder.new/images.env"
  [[ ! -d $ROOT/secrets ]] || cp -a "$ROOT/secrets" "$folder.new/secrets"
  sync -f "$folder.new"
  mv "$folder.new" "$folder"
}

# From here the target's script leads: it knows its own services. This one stays as its guard, and goes back when it ends
# in a way that neither finished nor rolled back.
hand_over() {
  local status=0
  "$ROOT/scripts/upgrade.sh" --continue || status=$?
  case $status in
    0 | 80 | 81) exit "$status" ;;
    129 | 130 | 143) exit "$status" ;;
  esac
  [[ $(get phase) == forward ]] || fail "$EXIT_ROLLBACK_FAILED" 'The rollback stopped in its middle.' "It ended with status $status." 'scripts/upgrade.sh --resume'
  say "The script of $(get to_version) ended with status $status: going back"
  begin_rollback "the script of $(get to_version) ended with status $status"
  roll_back_from_here
}
