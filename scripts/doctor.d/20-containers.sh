# shellcheck shell=bash
# Each container of ours: is it there, healthy, made from the present settings, and did it die lately?

check_containers() {
  local states service status health red=0 services missing=()
  states=$(container_states)
  mapfile -t services < <(compose_services)
  for service in "${services[@]}"; do
    grep -q "^$service"$'\t' <<<"$states" || missing+=("$service")
  done
  if ((${#missing[@]} > 0)); then
    bad "${#missing[@]} of ${#services[@]} services have no container: ${missing[*]}" "$(importance "${missing[0]}")" 'scripts/install.sh'
  fi
  while read -r service; do
    IFS=$'\t' read -r _ status health _ < <(grep "^$service"$'\t' <<<"$states") || continue
    red=$((red + 1))
    if [[ $status == running && $health == starting ]]; then
      warn "$service is still starting." "$(importance "$service")" 'Wait a minute, then look again.'
    else
      bad "$(explain_container "$service")" "$(importance "$service")" "$(service_hint "$service")"
    fi
  done < <(not_settled "${services[@]}")
  ((red + ${#missing[@]} > 0)) || fine "${#services[@]} services are healthy"
}

# What stops working for people when it is red.
importance() {
  case $1 in
    traefik) echo 'Nothing is reachable without the edge.' ;;
    mariadb) echo 'Everything needs it: log-in, dashboard, sites.' ;;
    postgres | lago-*) echo 'New invoices, subscriptions and usage wait; what is paid stays usable.' ;;
    valkey-queue) echo 'Jobs and usage wait; the API refuses what needs them.' ;;
    valkey-cache) echo 'Sites are slow or fail.' ;;
    objectstore) echo 'Files cannot be stored or read.' ;;
    keycloak) echo 'Nobody can log in; who is logged in stays.' ;;
    api | dashboard) echo 'The dashboard does not work.' ;;
    worker) echo 'Jobs wait: new sites, mails, webhooks.' ;;
    gateway) echo 'LLM requests fail.' ;;
    bench-*) echo 'Sites, or new sites, do not work.' ;;
    postal-*) echo 'Mails wait.' ;;
    backup) echo 'No new backups are made.' ;;
    prometheus | alertmanager | grafana | loki | alloy | socket-proxy) echo 'The product works; nobody would be told of the next failure.' ;;
    migrate | bootstrap | *-init | *-configurator) echo 'Services that wait for it do not start.' ;;
    *) echo 'A part of the product does not work.' ;;
  esac
}

check_restarts() {
  local service restarts many=0
  while IFS=$'\t' read -r service restarts; do
    ((restarts >= 5)) || continue
    many=$((many + 1))
    warn "$service was restarted $restarts times." 'It dies again and again, and work is lost each time.' "docker compose logs --tail 100 $service
$(service_hint "$service")"
  done < <(container_states | cut -f1,5)
  ((many > 0)) || fine 'no restart loops'
}

# Docker notes it when a container's main process was killed; the kernel counts the other processes' deaths in the cgroup.
check_out_of_memory() {
  local service killed id kills any=0
  while IFS=$'\t' read -r service killed id; do
    kills=$(cgroup_kills "$id")
    [[ $killed == true ]] || ((kills > 0)) || continue
    any=$((any + 1))
    bad "$service ran out of its memory (the kernel killed $((kills > 0 ? kills : 1)) of its processes)." "$(importance "$service")" \
      "A higher $(memory_variable "$service") in .env, then scripts/install.sh; docs/sizing.md"
  done < <(container_states | cut -f1,6,8)
  ((any > 0)) || fine 'nothing was killed for lack of memory'
}

cgroup_kills() {
  local file
  for file in "$HOST_ROOT/sys/fs/cgroup/system.slice/docker-$1.scope/memory.events" "$HOST_ROOT/sys/fs/cgroup/docker/$1/memory.events" \
    "$HOST_ROOT/sys/fs/cgroup/memory/docker/$1/memory.oom_control" "$HOST_ROOT/sys/fs/cgroup/memory/system.slice/docker-$1.scope/memory.oom_control"; do
    [[ -r $file ]] || continue
    awk '$1 == "oom_kill" { print $2 }' "$file"
    return 0
  done
  echo 0
}

memory_variable() {
  local name=${1^^}
  name=${name//-/_}
  grep -q "{${name}_MEMORY" "$ROOT/docker-compose.yml" && echo "${name}_MEMORY" || echo 'memory limit'
}

check_images() {
  local service states count=0
  states=$(container_states)
  while read -r service; do
    # One without a container is told by another check.
    if [[ -z $service ]] || ! grep -q "^$service"$'\t' <<<"$states"; then continue; fi
    count=$((count + 1))
    warn "$service runs with other settings or another image than the compose files and .env say." 'What you changed is not in force.' 'scripts/install.sh'
  done < <(outdated_services)
  while read -r service; do
    [[ -n $service ]] || continue
    count=$((count + 1))
    warn "$service was started before a file that it reads was changed." 'It still uses the old secret or setting.' 'scripts/install.sh'
  done < <(stale_services)
  ((count > 0)) || fine 'containers are as the compose files and .env say'
}
