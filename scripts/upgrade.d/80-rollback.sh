# shellcheck shell=bash
# Back to the files, images, settings and data of before. Each step may run twice; the first one changes to the old
# release's script, which then does the rest.

# In the language of the steps: ours until the files are back, then those of the old release.
readonly STEPS_BACK=(back_stop back_files)
readonly STEPS_BACK_OLD=(back_images back_data back_up_again back_smoke)

# begin_rollback WHY
begin_rollback() { put phase rollback step back_stop why "$1"; }

begin_rollback_by_hand() {
  local last=$UPGRADE_DIR/last
  ! is_unfinished || fail "$EXIT_CONFIG" 'An upgrade is under way.' "It stopped at the step $(get step)." 'scripts/upgrade.sh --resume finishes it or brings it back.'
  [[ -f $last ]] || fail "$EXIT_CONFIG" 'There is nothing to go back to.' 'No upgrade was made here, or it was taken back already.' 'Another release: scripts/upgrade.sh --to <tag>'
  [[ -z $(local_changes) ]] || fail "$EXIT_CONFIG" 'Files of the release were changed here.' "$(local_changes)" 'Put them back: git checkout -- <file>'
  atomic_write "$UPGRADE_STATE" 600 <"$last"
  if [[ $(get to) != "$(head_commit)" ]]; then
    rm -f "$UPGRADE_STATE"
    fail "$EXIT_CONFIG" 'Another release runs than the last upgrade brought.' "HEAD is $(head_commit)." 'scripts/upgrade.sh --to <tag>'
  fi
  if $KEEP_DATA; then
    put data_touched ''
    say "Going back to $(get from_version), keeping the present data"
  else
    say "Going back to $(get from_version) with the data of that upgrade: what was written since is lost from the stack, and kept in a backup"
    take_backup "before-rollback-$(get id)" >/dev/null
  fi
  put by_hand yes downtime_since "$(date +%s)"
  begin_rollback 'asked for'
  roll_back_from_here
}

roll_back_from_here() {
  local name
  name=$(get step)
  if [[ " ${STEPS_BACK_OLD[*]} " != *" $name "* ]]; then
    run_steps "${STEPS_BACK[@]}"
    ((STEP_STATUS == 0)) || rollback_failed
    put step "${STEPS_BACK_OLD[0]}"
    # The files are the old release's: so is the script from here on. The lock goes along (descriptor 9).
    clean_up
    exec "$ROOT/scripts/upgrade.sh" --continue
  fi
  run_steps "${STEPS_BACK_OLD[@]}"
  ((STEP_STATUS == 0)) || rollback_failed
  rolled_back
}

step_back_stop() {
  local services
  step "$EXIT_ROLLBACK_FAILED" 'Stopping what writes'
  mapfile -t services < <(writers)
  ((${#services[@]} == 0)) || with_progress 'stopping' compose --progress plain stop "${services[@]}" || true
}

step_back_files() {
  local before
  before=$(upgrade_folder)/before
  step "$EXIT_ROLLBACK_FAILED" "Files of $(get from_version)"
  repository checkout --quiet --force "$(get from_name)"
  # A branch may have moved meanwhile.
  [[ $(head_commit) == "$(get from)" ]] || repository checkout --quiet --force --detach "$(get from)"
  [[ -d $before ]] || return 0
  if [[ $(get by_hand) == yes ]]; then
    atomic_write "$UPGRADE_DIR/env-before-rollback" 600 <"$ROOT/.env"
    tell "the settings as they were until now: $UPGRADE_DIR/env-before-rollback"
  fi
  atomic_write "$ROOT/.env" 600 <"$before/.env"
  put_images "$before/images.env"
  remember_images
  put_missing_secrets_back "$before/secrets"
}

# A secret that is there stays, also one that was rotated since: the databases take it at their start, the rest by bootstrap.
put_missing_secrets_back() {
  local file name
  [[ -d $1 ]] || return 0
  while IFS= read -r -d '' file; do
    name=${file#"$1/"}
    [[ -e $ROOT/secrets/$name ]] || install -D -m "$(stat -c %a "$file")" -o "$(stat -c %u "$file")" -g "$(stat -c %g "$file")" "$file" "$ROOT/secrets/$name"
  done < <(find "$1" -type f -print0)
}

step_back_images() {
  step "$EXIT_ROLLBACK_FAILED" 'Images of before'
  name_images_again "$(get id)"
}

step_back_data() {
  local stores part parts=()
  step "$EXIT_RESTORE" 'Data of before'
  if [[ $(get data_touched) != yes || -z $(get backup) ]]; then
    tell 'was not touched'
    return 0
  fi
  tell "from the backup $(get backup)"
  # shellcheck disable=SC2153 # of upgrade.sh
  mapfile -t stores < <(existing "${STORES[@]}")
  logged compose --progress plain stop "${stores[@]}" backup || true
  for part in mariadb sites valkey bootstrap; do parts+=(--into "$part"); done
  restore "${parts[@]}"
  if [[ -n $(existing postgres) ]]; then
    bring_up "$EXIT_RESTORE" postgres
    restore --into postgres
  fi
}

# restore OPTION…: from the backup of this upgrade.
restore() {
  with_progress 'restoring' compose --profile restore run --rm -T --no-deps restore restore "$(get backup)" --wait 3600 --if-present "$@" \
    || fail "$EXIT_RESTORE" 'The data could not be restored.' "$(log_tail 8)" 'The log has all of it.'
}

step_back_up_again() {
  local services
  step "$EXIT_ROLLBACK_FAILED" 'Everything'
  bring_up "$EXIT_START" "${STORES[@]}"
  mapfile -t services < <(compose_services)
  start_services --remove-orphans
  restart_stale_services
  wait_healthy "$EXIT_START" "$(health_timeout)" "${services[@]}"
}

step_back_smoke() { step_smoke; }

rolled_back() {
  local code=$EXIT_ROLLED_BACK why from
  why=$(get why) from=$(get from_version)
  [[ $(get by_hand) != yes ]] || code=0
  rm -f "$UPGRADE_DIR/last"
  finish
  if ((code == 0)); then
    say "$from runs again."
  else
    failure "$code" "The upgrade was taken back; $from runs as before." "$why" "The log has its cause. When it is mended: scripts/upgrade.sh"
  fi
  exit "$code"
}

rollback_failed() {
  local name
  name=$(get step)
  fail "$EXIT_ROLLBACK_FAILED" "The rollback failed at the step $name." "$(get why); then this step ended with code $STEP_STATUS." \
    "First try once more: scripts/upgrade.sh --resume
By hand, in $ROOT:
 1. git checkout --force $(get from_name); cp $(upgrade_folder)/before/.env .env; cp -a $(upgrade_folder)/before/secrets/. secrets/
    rm -f images.env; cp $(upgrade_folder)/before/images.env . (when it is there)
 2. docker compose down
 3. $(rollback_tags_by_hand)
 4. docker compose --profile restore run --rm restore restore $(get backup) --into mariadb --into sites --into valkey --into bootstrap
 5. docker compose up -d --wait postgres; docker compose --profile restore run --rm restore restore $(get backup) --into postgres
 6. docker compose up -d; scripts/doctor.sh; then rm $UPGRADE_STATE"
}

rollback_tags_by_hand() {
  local service reference line=''
  while IFS=$'\t' read -r service reference _; do
    [[ $reference == *@* ]] || line+="docker tag bastide/rollback:$(get id)-$service $reference; "
  done < <(cat "$IMAGE_SETS/$(get id)" 2>/dev/null)
  echo "${line:-nothing}"
}
