# shellcheck shell=bash
# What an upgrade would change, found out without changing anything.

show_plan() {
  local from to
  TARGET=$WORK/target
  unpack_target "$TARGET"
  from=$(head_commit) to=$TARGET_COMMIT
  say "From $(version_at HEAD) (${from:0:9}) to $(version_at "$to") (${to:0:9})"
  if [[ $from == "$to" ]]; then
    tell 'That is what runs already.'
    return 0
  fi
  section 'Release notes' "$(release_notes)"
  section 'Images' "$(changed_images)"
  section 'Database migrations' "$(new_migrations)"
  section 'Settings (.env)' "$(changed_settings)"
  section 'Warnings' "$(plan_warnings)"
  section 'Disk' "$(disk_plan)"
  section 'Downtime' 'From the stop of the services to the end of the smoke test, usually 3 to 10 minutes plus the time of a backup.
The edge answers 503 meanwhile. A failure brings the present state back by itself.'
  target_compose config --quiet 2>"$WORK/compose.err" || section 'It would stop here' "$(tail -n 3 "$WORK/compose.err")"
}

section() {
  printf '\n%s\n' "$1"
  printf '%s\n' "${2:-  nothing}" | sed 's/^\([^ ]\)/  \1/'
}

# The parts of CHANGELOG.md that the present one does not have.
release_notes() {
  diff <(file_at HEAD CHANGELOG.md) <(file_at "$TARGET_COMMIT" CHANGELOG.md) | sed -n 's/^> //p' | grep -v '^[[:space:]]*$' | head -n 60 || true
}

changed_images() {
  comm -13 <(service_images | sort) <( (target_images) | sort) | awk -F'\t' '{ print $1 "  " $2 ($3 == "yes" && $2 !~ /@sha256:/ ? "  (built here)" : "") }'
}

new_migrations() {
  repository diff --name-only --diff-filter=A HEAD "$TARGET_COMMIT" -- services/orchestrator/migrations | sed 's|.*/||'
}

changed_settings() {
  local name
  comm -13 <(env_names "$ROOT/.env.example") <(env_names "$TARGET/.env.example") | sed 's/^/new: /'
  comm -23 <(env_names "$ROOT/.env.example") <(env_names "$TARGET/.env.example") | while read -r name; do
    printf 'gone: %s%s\n' "$name" "$(grep -qE "^$name=" "$ROOT/.env" && echo ' (your value is kept and has no effect)')"
  done
  awk '$1 ~ /^[A-Z]/ { print "renamed: " $1 " to " $2 }' "$TARGET/scripts/upgrade.d/renamed-variables.txt" 2>/dev/null || true
}

plan_warnings() {
  local changes
  changes=$(local_changes)
  [[ -z $changes ]] || printf 'You changed files of the release; an upgrade refuses that:\n%s\n' "$changes"
  changes=$(in_the_way_of "$TARGET_COMMIT")
  [[ -z $changes ]] || printf 'Files of yours are where the release brings its own:\n%s\n' "$changes"
  repository merge-base --is-ancestor HEAD "$TARGET_COMMIT" || echo 'The target does not contain what runs: this goes back or aside. Databases are not migrated back.'
  lago_warning
}

# Lago has releases that must not be jumped over: each carries a task of its own (its upgrade guide names them).
readonly LAGO_BRIDGES=(20 25 28 29 31 32 43 44 45 50)

lago_warning() {
  local from to bridge skipped=''
  from=$(lago_minor < <(service_images)) to=$(lago_minor < <( (target_images)))
  [[ -n $from && -n $to ]] || return 0
  for bridge in "${LAGO_BRIDGES[@]}"; do ((bridge > from && bridge < to)) && skipped+=" v1.$bridge"; done
  [[ -z $skipped ]] || printf 'Lago goes from v1.%s to v1.%s and jumps over%s: go through a release of Bastide with each of them first.\n' "$from" "$to" "$skipped"
}

lago_minor() { sed -nE 's/.*lago.*\/?api:v1\.([0-9]+).*/\1/p' | head -n 1; }

disk_plan() {
  local free
  free=$(docker_free_mib)
  printf '%s MiB free for Docker, %s MiB wanted for the images of the target and a backup.\n' "$free" "$(wanted_mib)"
}

docker_free_mib() { df --output=avail -BM "$(docker info --format '{{.DockerRootDir}}')" | tail -n 1 | tr -dc '0-9'; }
# The set of images is about that; old ones stay until the upgrade is through.
wanted_mib() { echo "${BASTIDE_UPGRADE_MIN_FREE_MIB:-6144}"; }
