# shellcheck shell=bash
# Everything that can be done, and can fail, while the services still run.

begin_upgrade() {
  local changes
  if is_unfinished; then
    fail "$EXIT_CONFIG" 'An upgrade is under way.' "It stopped at the step $(get step) of going $(get phase)." 'Go on: scripts/upgrade.sh --resume'
  fi
  say 'Looking for the release'
  find_target
  if [[ $TARGET_COMMIT == "$(head_commit)" ]]; then
    tell "$(version_at HEAD) runs already; to apply changed settings run scripts/install.sh."
    return 0
  fi
  changes=$(local_changes)
  [[ -z $changes ]] || fail "$EXIT_CONFIG" 'Files of the release were changed here.' "$changes" \
    "Keep your changes in docker-compose.override.yml or .env, and put these files back: git checkout -- <file>"
  changes=$(in_the_way_of "$TARGET_COMMIT")
  [[ -z $changes ]] || fail "$EXIT_CONFIG" 'Files of yours are where the release brings its own.' "$changes" 'Move them away.'
  mkdir -p "$UPGRADE_DIR"
  chmod 700 "$UPGRADE_DIR"
  rm -f "$UPGRADE_STATE"
  put format 1 id "$(date -u +%Y%m%dT%H%M%SZ)" phase forward step prechecks \
    from "$(head_commit)" from_name "$(head_name)" from_version "$(version_at HEAD)" to "$TARGET_COMMIT" to_name "$TARGET_NAME" to_version "$(version_at "$TARGET_COMMIT")"
  forward
}

# forward: the steps of this release's script, then those of the target's. A failure before the downtime is only told.
forward() {
  local name
  TARGET_COMMIT=$(get to)
  TARGET=$(upgrade_folder)/target
  say "Upgrade from $(get from_version) to $(get to_version) ($(get to_name))"
  name=$(get step)
  if [[ " ${STEPS_AFTER[*]} " != *" $name "* ]]; then
    run_steps "${STEPS_BEFORE[@]}" "${STEPS_DOWN[@]}"
    ((STEP_STATUS == 0)) || give_up
    put step "${STEPS_AFTER[0]}"
    hand_over
  else
    run_steps "${STEPS_AFTER[@]}"
    ((STEP_STATUS == 0)) || give_up
  fi
}

give_up() {
  local name status=$STEP_STATUS
  name=$(get step)
  if is_before_downtime "$name"; then
    name_images_again "$(get id)"
    finish
    tell 'Nothing was changed; the services run as before.'
    exit "$status"
  fi
  say "The step $name failed (code $status): going back to $(get from_version)"
  begin_rollback "the step $name of the upgrade to $(get to_version) failed with code $status"
  roll_back_from_here
}

step_prechecks() {
  local said status=0 free
  step "$EXIT_PREFLIGHT_FAILED" 'Pre-checks'
  if [[ $SKIP_DOCTOR == false && -x $ROOT/scripts/doctor.sh ]]; then
    said=$("$ROOT/scripts/doctor.sh" --json 2>/dev/null 9>&-) || status=$?
    if grep -q '"severity": "failure"' <<<"$said"; then
      fail "$EXIT_PREFLIGHT_FAILED" 'The installation is not well.' "$(grep '"severity": "failure"' <<<"$said" | sed -nE 's/.*"what": "([^"]*)".*/\1/p')" \
        "scripts/doctor.sh explains each. To upgrade all the same: --skip-doctor"
    fi
    to_log "doctor ended with status $status"
  fi
  free=$(docker_free_mib)
  ((free >= $(wanted_mib))) || fail "$EXIT_PREFLIGHT_FAILED" 'Too little disk space for an upgrade.' \
    "$free MiB free where Docker keeps its images, $(wanted_mib) MiB wanted." 'scripts/upgrade.sh --gc removes images of old releases.'
  tell 'healthy, and enough space'
}

step_prefetch() {
  local service image built
  local -a to_build=()
  step "$EXIT_IMAGES" 'Images of the target, while everything runs'
  hold_images "$(get id)"
  unpack_target "$TARGET"
  while IFS=$'\t' read -r service image built; do
    if [[ $built == yes && $image != *@* ]]; then
      to_build+=("$service")
    # One that is named by digest is pulled, although it could be built.
    elif ! docker image inspect "$image" >/dev/null 2>&1 && ! (target_images) | awk -F'\t' '$3 == "yes" && $2 !~ /@/ { print $2 }' | grep -qxF "$image"; then
      tell "pull $image"
      pull_image "$image" || fail "$EXIT_IMAGES" "$image could not be pulled." "$(log_tail 3)" \
        'Check the network, then run scripts/upgrade.sh again. BASTIDE_RELEASES_URL=none in .env builds our own images here.'
    fi
  done < <( (target_images))
  ((${#to_build[@]} == 0)) || with_progress 'building' target_compose --progress plain build "${to_build[@]}" \
    || fail "$EXIT_IMAGES" 'The images of the target could not be built.' "$(log_tail 8)" 'The log has all of it. The services were not touched.'
}

step_validate() {
  local said
  step "$EXIT_CONFIG" 'Settings of the target'
  said=$(target_compose config --quiet 2>&1) || fail "$EXIT_CONFIG" 'The target does not accept the settings.' "$(tail -n 3 <<<"$said")" \
    'Add to .env what it names; scripts/upgrade.sh --dry-run lists new variables.'
}
