# shellcheck shell=bash
# With the target's files: stores, migrations, bootstrap, everything, a look through the edge, and only then it counts.

readonly STORES=(mariadb postgres valkey-queue valkey-cache objectstore)

start_services() {
  logged compose --progress plain up --detach --no-build --quiet-pull "$@" || fail "$EXIT_START" "docker compose could not start: ${*: -1}" "$(log_tail 6)" 'docker compose ps'
}

# Containers that stayed up have the old content of mounted files; a restart shows them the new one.
restart_stale_services() {
  [[ -f $ROOT/scripts/install.d/70-start.sh ]] || return 0
  # shellcheck source=scripts/install.d/70-start.sh
  source "$ROOT/scripts/install.d/70-start.sh"
  restart_stale
}

# Of the named services those that the stack has.
existing() {
  local service known
  known=$(compose_services)
  for service in "$@"; do ! grep -qx "$service" <<<"$known" || echo "$service"; done
}

health_timeout() { echo "${BASTIDE_HEALTH_TIMEOUT:-600}"; }

# bring_up CODE SERVICE…: started from the present files, then waited for.
bring_up() {
  local code=$1 services
  shift
  mapfile -t services < <(existing "$@")
  ((${#services[@]} > 0)) || return 0
  start_services --no-deps "${services[@]}"
  wait_healthy "$code" "$(health_timeout)" "${services[@]}"
}

# again CODE SERVICE: a one-shot, run even if it ran before.
again() {
  [[ -n $(existing "$2") ]] || return 0
  start_services --no-deps --force-recreate "$2"
  wait_healthy "$1" "$(health_timeout)" "$2"
}

step_stores() {
  step "$EXIT_START" 'Databases'
  # A newer server may change its files at its first start.
  put data_touched yes
  again "$EXIT_START" volume-init
  restart_stale_services
  bring_up "$EXIT_START" "${STORES[@]}"
}

step_migrate() {
  step "$EXIT_MIGRATION" 'Migrations'
  again "$EXIT_MIGRATION" migrate
  again "$EXIT_MIGRATION" lago-migrate
}

step_bootstrap() {
  step "$EXIT_MIGRATION" 'Settings of Lago, the object store and Keycloak'
  bring_up "$EXIT_START" keycloak lago-api
  again "$EXIT_MIGRATION" bootstrap
}

# Sites whose bench is another image get its schema before anybody works in them. One that cannot be migrated ends the
# upgrade: all go back together, since they share the bench.
step_sites() {
  local before now
  [[ -n $(existing bench-backend) ]] || return 0
  before=$(awk -F'\t' '$1 == "bench-backend" { print $3 }' "$IMAGE_SETS/$(get id)" 2>/dev/null || true)
  now=$(docker image inspect --format '{{.Id}}' "$(service_images | awk -F'\t' '$1 == "bench-backend" { print $2 }')" 2>/dev/null || true)
  if [[ -n $before && $before == "$now" ]]; then return 0; fi
  step "$EXIT_MIGRATION" 'Sites: migrations of their applications'
  again "$EXIT_MIGRATION" bench-configurator
  # shellcheck disable=SC2016 # for the shell in the container
  with_progress 'migrating' compose run --rm -T --no-deps bench-backend bash -euc '
    cd /home/frappe/frappe-bench
    for config in sites/*/site_config.json; do
      [[ -f $config ]] || continue
      site=$(basename "$(dirname "$config")")
      echo "$site"
      bench --site "$site" migrate || { echo "$site could not be migrated"; exit 1; }
    done' </dev/null || fail "$EXIT_MIGRATION" 'A site could not be migrated to the new applications.' "$(log_tail 6)" \
    'The old release and its data come back by themselves; then look at the site: docs/runbook.md'
}

step_up() {
  local services
  step "$EXIT_START" 'Everything'
  mapfile -t services < <(compose_services)
  start_services --remove-orphans
  restart_stale_services
  wait_healthy "$EXIT_START" "$(health_timeout)" "${services[@]}"
  tell "${#services[@]} services are healthy"
}

step_smoke() {
  step "$EXIT_START" 'Through the edge'
  [[ -f $ROOT/scripts/install.d/80-smoke.sh ]] || return 0
  # shellcheck disable=SC2034 # read by smoke
  DRY_RUN=false
  # shellcheck source=scripts/install.d/80-smoke.sh
  source "$ROOT/scripts/install.d/80-smoke.sh"
  smoke
}

step_commit() {
  local id down
  id=$(get id)
  step 1 'Done'
  down=$(($(date +%s) - $(get downtime_since)))
  # What --rollback needs; one step back, no more.
  sed -E '/^(step|phase|downtime_since)=/d' "$UPGRADE_STATE" | atomic_write "$UPGRADE_DIR/last" 600
  remember_images
  remember built-from "$(build_fingerprint)"
  unpin_old_backups "$id"
  find "$UPGRADE_DIR" -mindepth 1 -maxdepth 1 -type d -name '20*' -not -name "$id" -exec rm -rf {} +
  finish keep
  collect_images
  say "$ROOT runs $(version_at HEAD). It was down for $down s. Back again: scripts/upgrade.sh --rollback"
}

# The backups of the last two upgrades stay pinned.
unpin_old_backups() {
  local pins pin
  pins=$(backup_program list 2>/dev/null | awk '$3 ~ /^upgrade-/ { print $3 }' | sort -ru | tail -n +3) || return 0
  for pin in $pins; do logged backup_program unpin "$pin" || true; done
}
