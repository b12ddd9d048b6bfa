# shellcheck shell=bash
# Databases, migrations, what Lago, the object store and Keycloak are told, then everything; waiting for health in between.

start() {
  local services outdated stale
  step "$EXIT_START" 'Start'
  if $DRY_RUN; then
    plan_start
    return 0
  fi
  mapfile -t services < <(compose_services)
  outdated=$(outdated_services)
  stale=$(stale_services)
  if [[ -z $outdated && -z $stale && -z $(not_settled "${services[@]}") ]]; then
    tell 'everything runs and is healthy'
    remember installed yes
    return 0
  fi
  start_stage "$EXIT_START" 'databases' mariadb postgres valkey-queue valkey-cache objectstore
  # One-shots whose settings did not change and that ended well have nothing to do.
  run_once "$EXIT_MIGRATION" 'database migrations' migrate
  start_stage "$EXIT_START" 'log-in and billing' keycloak lago-api
  run_once "$EXIT_START" 'settings of Lago, the object store and Keycloak' bootstrap
  restart_stale
  tell 'everything else'
  compose_up --remove-orphans
  wait_healthy "$EXIT_START" "${BASTIDE_HEALTH_TIMEOUT:-600}" "${services[@]}"
  changed "${#services[@]} services are healthy"
  remember installed yes
}

plan_start() {
  if ! docker version >/dev/null 2>&1 || [[ -z $(container_states) ]]; then
    changed 'start everything'
    return 0
  fi
  local service services
  mapfile -t services < <(compose_services)
  while read -r service; do [[ -z $service ]] || changed "make $service anew: its settings changed"; done < <(outdated_services)
  while read -r service; do [[ -z $service ]] || changed "restart $service: a file that it reads changed"; done < <(stale_services)
  while read -r service; do [[ -z $service ]] || changed "start $service: it is not healthy"; done < <(not_settled "${services[@]}")
}

# present SERVICE…: those that the chosen profiles have.
present() {
  local service known
  known=$(compose_services)
  for service in "$@"; do ! grep -qx "$service" <<<"$known" || echo "$service"; done
}

start_stage() {
  local code=$1 what=$2 services
  shift 2
  mapfile -t services < <(present "$@")
  ((${#services[@]} > 0)) || return 0
  settled "${services[@]}" && return 0
  tell "$what: ${services[*]}"
  STEP_CODE=$code
  compose_up "${services[@]}"
  wait_healthy "$code" "${BASTIDE_HEALTH_TIMEOUT:-600}" "${services[@]}"
}

# Healthy (or ended well), and made from the present settings.
settled() {
  [[ -z $(not_settled "$@") ]] && ! outdated_services | grep -qxF -f <(printf '%s\n' "$@")
}

# A one-shot by itself, so that its failure has its own code. The `up` of the whole may run it again; that is harmless.
run_once() {
  local code=$1 what=$2 service=$3
  [[ -n $(present "$service") ]] || return 0
  settled "$service" && return 0
  tell "$what"
  STEP_CODE=$code
  compose_up --force-recreate --no-deps "$service"
  wait_healthy "$code" "${BASTIDE_HEALTH_TIMEOUT:-600}" "$service"
}

compose_up() {
  logged compose --progress plain up --detach --no-build --quiet-pull "$@" && return 0
  local dead
  # It also ends like this when a one-shot that others wait for has failed: then that one's log says why.
  dead=$(container_states | awk -F'\t' '$2 == "exited" && $4 != 0 { print $1 }')
  if grep -qx 'migrate\|lago-migrate' <<<"$dead"; then STEP_CODE=$EXIT_MIGRATION; fi
  [[ -z $dead ]] || not_started "$STEP_CODE" "$dead" 'ended with an error'
  dead=$(container_states | awk -F'\t' '$3 == "unhealthy" { print $1 }')
  [[ -z $dead ]] || not_started "$STEP_CODE" "$dead" 'did not become healthy'
  fail "$STEP_CODE" 'docker compose could not start the services.' "$(log_tail 6)" \
    "$(engine_hint) Then run scripts/install.sh again."
}

# What the engine's own messages mean for an operator.
engine_hint() {
  case $(tail -n 20 "$RUN_LOG") in
    *"can't get final child's PID"* | *oom_score_adj*) echo 'Docker may not protect the databases from the OOM killer here: this machine is itself a container without CAP_SYS_RESOURCE, or Docker runs without root. Use a virtual machine or a real one.' ;;
    *'port is already allocated'* | *'address already in use'*) echo 'Another program took a port in the meantime: ss -lntp shows which.' ;;
    *'no space left on device'*) echo 'The disk is full: docker system df, df -h.' ;;
    *'all predefined address pools'* | *'could not find an available, non-overlapping'*) echo 'Docker has no address range left for networks: docker network prune, or "default-address-pools" in /etc/docker/daemon.json.' ;;
    *'No such image'* | *'pull access denied'* | *'manifest unknown'*) echo 'An image is missing: look at <SERVICE>_IMAGE in .env.' ;;
    *) echo 'The log has all of it; docs/troubleshooting.md explains the usual ones.' ;;
  esac
}

restart_stale() {
  local services
  mapfile -t services < <(stale_services)
  ((${#services[@]} > 0)) || return 0
  tell "restart, because a file that they read changed: ${services[*]}"
  logged compose restart "${services[@]}" || true
}
