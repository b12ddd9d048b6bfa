# shellcheck shell=bash
# Who uses a secret: read from the compose files, so that no list of ours can be out of date.

# service, secret (tab-separated) for each use, by the names that compose gives the secrets.
secret_uses() {
  compose config | awk '
    /^[a-z]/ { inside = ($0 == "services:") }
    !inside { next }
    /^  [^ ].*:$/ { service = substr($1, 1, length($1) - 1); listed = 0 }
    /^    [^ -]/ { listed = ($0 == "    secrets:") }
    listed && /source:/ { print service "\t" $NF }'
}

# users_of NAME: running services that read it or what is composed of it; one a line. Who takes it by the bootstrap or at
# its own start is restarted by the recipe.
users_of() {
  local names owners='^(migrate|bootstrap|lago-migrate|postal-init|bench-configurator|volume-init|mariadb|postgres|restore)$'
  names=$({ echo "${1//[-.]/_}" && follows "$1"; })
  { secret_uses | awk -F'\t' -v names="$names" '
      BEGIN { n = split(names, list, "\n"); for (i = 1; i <= n; i++) wanted[list[i]] = 1 }
      $2 in wanted { print $1 }'
    # Not secrets of compose: an env_file, and what stands in a configuration that is rendered at the start.
    case $1 in acme-dns.env) echo traefik ;; valkey_frappe_password) compose config --services | grep '^bench-' ;; esac; } \
    | sort -u | grep -vE "$owners" | grep -xF -f <(container_states | awk -F'\t' '$2 != "exited" { print $1 }') || true
}

# follows NAME: the derived secrets that are composed of it.
follows() {
  case $1 in
    database_password) echo database_url ;;
    lago_db_password) echo lago_database_url ;;
    valkey_queue_password) printf '%s\n' redis_url lago_redis_url ;;
    valkey_cache_password) printf '%s\n' redis_cache_url lago_redis_cache_url ;;
    smtp_password | postal_smtp_key) echo smtp_url ;;
    traefik_dashboard_password) echo traefik_dashboard_users ;;
  esac
}

restart_users() {
  local name=$1 recipe=$2 services
  mapfile -t services < <(users_of "$name")
  # The owner of a recipe has been restarted already.
  [[ $recipe != owner ]] || mapfile -t services < <(printf '%s\n' "${services[@]}" | grep -vxE 'valkey-queue|valkey-cache|objectstore')
  ((${#services[@]} > 0)) && [[ -n ${services[0]} ]] || return 0
  if [[ $name == acme-dns.env ]]; then
    # An env_file is taken when the container is made.
    told compose --progress plain up --detach --no-build --no-deps --force-recreate "${services[@]}"
  else
    with_progress "restarting ${services[*]}" compose --progress plain restart "${services[@]}" \
      || fail "$EXIT_START" "What uses $name could not be restarted." "$(log_tail 4)" 'docker compose ps; then run the same command again.'
  fi
  wait_healthy "$EXIT_START" "$(health_timeout)" "${services[@]}"
}
