# shellcheck shell=bash
# `docker compose` for this installation, and what it knows about its containers. Only Docker itself is needed: answers
# are taken by Go templates, so the host needs no jq.

# The settings in force; a dry run has a copy.
ENV_FILE=$ROOT/.env

# compose ARGUMENT…: with the settings of .env and nothing else; a variable of the calling shell would win over the file.
compose() {
  (
    unset_configuration
    cd "$ROOT" || exit 1
    exec docker compose --project-directory "$ROOT" --env-file "$ENV_FILE" "$@"
  )
}

unset_configuration() {
  local name
  for name in "${ENV_KEYS[@]}" COMPOSE_FILE COMPOSE_PROFILES COMPOSE_PROJECT_NAME COMPOSE_ENV_FILES; do unset -v "$name"; done
}

project() { env_value COMPOSE_PROJECT_NAME bastide; }

# The services that the chosen profiles bring, one a line.
compose_services() { compose config --services; }

# container_states: one line a container of ours, tab-separated:
# service, status, health (or -), exit code, restarts, OOM-killed, config hash, id, id of the image that compose made it from,
# restart policy (`no` for a one-shot).
container_states() {
  local ids
  mapfile -t ids < <(docker ps -aq --no-trunc --filter "label=com.docker.compose.project=$(project)" \
    --filter label=com.docker.compose.oneoff=False)
  ((${#ids[@]} > 0)) || return 0
  # A container that goes away between the two commands is no error.
  docker inspect --type container --format "$STATE_TEMPLATE" "${ids[@]}" 2>/dev/null | sort || true
}

STATE_TEMPLATE='{{index .Config.Labels "com.docker.compose.service"}}	{{.State.Status}}	'
STATE_TEMPLATE+='{{if .State.Health}}{{.State.Health.Status}}{{else}}-{{end}}	{{.State.ExitCode}}	{{.RestartCount}}	'
STATE_TEMPLATE+='{{.State.OOMKilled}}	{{index .Config.Labels "com.docker.compose.config-hash"}}	{{.ID}}	'
STATE_TEMPLATE+='{{index .Config.Labels "com.docker.compose.image"}}	{{.HostConfig.RestartPolicy.Name}}'

# container_of SERVICE: the id of its (first) container.
container_of() { container_states | awk -F'\t' -v service="$1" '$1 == service { print $8; exit }'; }

# outdated_services: those whose container is missing, or was made from other settings or another image, one a line.
outdated_services() {
  local states hashes images
  states=$(container_states)
  hashes=$(compose config --hash '*')
  images=$(current_images)
  awk -F'\t' '
    FILENAME == ARGV[1] { hash[$1] = $7; from[$1] = $9 }
    FILENAME == ARGV[2] { image[$1] = $2 }
    FILENAME == ARGV[3] {
      split($0, wanted, " ")
      if (hash[wanted[1]] != wanted[2] || (image[wanted[1]] != "" && image[wanted[1]] != from[wanted[1]])) print wanted[1]
    }' <(printf '%s\n' "$states") <(printf '%s\n' "$images") <(printf '%s\n' "$hashes") | sort -u
}

# The id of the image that each service would be made from now; services whose image is not here are left out.
current_images() {
  local service image id
  local -A ids=()
  while IFS=$'\t' read -r service image _; do
    if [[ ! -v ids[$image] ]]; then ids[$image]=$(docker image inspect --format '{{.ID}}' "$image" 2>/dev/null) || ids[$image]=''; fi
    id=${ids[$image]}
    [[ -z $id ]] || printf '%s\t%s\n' "$service" "$id"
  done < <(service_images)
}

# stale_services: those that were started before a file that they have mounted (a secret, .env, a configuration) got its
# present content. Docker keeps the old file mounted when another takes its name; a restart mounts the new one.
stale_services() {
  local ids service started mounts path
  mapfile -t ids < <(docker ps -q --no-trunc --filter "label=com.docker.compose.project=$(project)")
  ((${#ids[@]} > 0)) || return 0
  docker inspect --format '{{index .Config.Labels "com.docker.compose.service"}}	{{.State.StartedAt}}	{{range .Mounts}}{{if eq .Type "bind"}}{{.Source}}|{{end}}{{end}}' "${ids[@]}" |
    while IFS=$'\t' read -r service started mounts; do
      started=$(date -d "$started" +%s)
      while read -r path; do
        [[ $path == "$ROOT"/* ]] || continue
        # Folders are read as they are now, except that Traefik reads its certificate only at its start.
        [[ -f $path || $path == "$ROOT/secrets/tls" ]] || continue
        if (($(stat -c %Y "$path" 2>/dev/null || echo 0) > started)); then
          echo "$service"
          break
        fi
      done <<<"${mounts//|/$'\n'}"
    done | sort -u
}
