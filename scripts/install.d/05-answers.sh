# shellcheck shell=bash
# What .env is going to be, in $WORK/env, from (first wins): options, the .env that is there, the environment, questions,
# .env.example. Nothing is changed yet, so the pre-flight can look at it first.

gather_answers() {
  local candidate=$WORK/env is_new=false
  [[ -f $ROOT/.env.example ]] || fail "$EXIT_CONFIG" "There is no .env.example here." \
    "$ROOT is not a complete copy of Bastide." "Unpack the release again."
  local source=$ROOT/.env
  if [[ ! -f $source ]]; then
    source=$ROOT/.env.example
    is_new=true
  fi
  atomic_write "$candidate" 600 <"$source"
  # shellcheck disable=SC2034 # for compose.sh
  ENV_FILE=$candidate
  env_adopt "$candidate" "$ROOT/.env.example"
  # Lines that cannot be read would be lost or doubled by writing; the validation names them.
  ((${#ENV_PROBLEMS[@]} == 0)) || return 0

  adopt_release_images "$candidate"
  choose_mode
  apply_options "$candidate"
  env_fill "$candidate" DOMAIN "${BASTIDE_DOMAIN:-}" OPERATOR_EMAIL "${BASTIDE_EMAIL:-}" \
    ACME_DNS_PROVIDER "${BASTIDE_ACME_DNS_PROVIDER:-}"
  if interactive; then ask_for_missing "$candidate"; fi
  if [[ $MODE == local ]]; then
    env_fill "$candidate" DOMAIN bastide.localhost
    env_fill "$candidate" OPERATOR_EMAIL "operator@$(env_value DOMAIN)"
  fi
  write_mode "$candidate" "$is_new"
  write_size "$candidate" "$is_new"
}

choose_mode() {
  if [[ -z $MODE && -f $ROOT/.env && $(env_value TLS_MODE) == local ]]; then MODE=local; fi
  MODE=${MODE:-${BASTIDE_MODE:-}}
  if [[ -z $MODE && ! -f $ROOT/.env ]] && interactive; then
    ask 'A server with its own domain (prod), or only this machine to try it (local)?' prod
    MODE=$REPLY
  fi
  MODE=${MODE:-prod}
}

apply_options() {
  local name pairs=()
  for name in "${!OPTION[@]}"; do
    [[ ${ENV_VALUES[$name]:-} == "${OPTION[$name]}" ]] || pairs+=("$name" "${OPTION[$name]}")
  done
  ((${#pairs[@]} == 0)) || env_write "$1" "${pairs[@]}"
}

ask_for_missing() {
  local default=''
  [[ $MODE != local ]] || default=bastide.localhost
  if [[ -z $(env_value DOMAIN) ]]; then
    ask 'Domain; its wildcard *.DOMAIN has to lead here' "$default"
    env_fill "$1" DOMAIN "$REPLY"
  fi
  [[ $MODE != local ]] || default=operator@$(env_value DOMAIN)
  if [[ -z $(env_value OPERATOR_EMAIL) ]]; then
    ask 'Your e-mail address (first account, alerts, certificate notices)' "$default"
    env_fill "$1" OPERATOR_EMAIL "$REPLY"
  fi
  if [[ $MODE == prod && $(env_value TLS_MODE) != file && -z $(env_value ACME_DNS_PROVIDER) ]]; then
    tell "The wildcard certificate needs the API of your DNS provider. Known here: $(provider_codes | paste -sd ' ')"
    tell 'Any other code of https://go-acme.github.io/lego/dns/ works too.'
    ask 'DNS provider' cloudflare
    env_fill "$1" ACME_DNS_PROVIDER "$REPLY"
  fi
}

# What follows from the mode: how certificates are made, which files make the stack, the port in addresses.
write_mode() {
  local candidate=$1 is_new=$2 port
  if [[ $MODE == local ]]; then
    [[ $(env_value TLS_MODE) == local ]] || env_write "$candidate" TLS_MODE local
  elif [[ $(env_value TLS_MODE) == local ]]; then
    # What listens on a server is published as 80 and 443; the local mode may have had others.
    env_write "$candidate" TLS_MODE acme HTTP_PORT 80 HTTPS_PORT 443
  fi
  if $is_new && [[ $MODE == local ]]; then
    [[ -v OPTION[HTTP_PORT] ]] || env_write "$candidate" HTTP_PORT "${BASTIDE_HTTP_PORT:-80}"
    [[ -v OPTION[HTTPS_PORT] ]] || env_write "$candidate" HTTPS_PORT "${BASTIDE_HTTPS_PORT:-443}"
  fi
  port=$(env_value HTTPS_PORT 443)
  write_if_other "$candidate" URL_PORT "$([[ $MODE == prod || $port == 443 ]] || echo ":$port")"
  write_if_other "$candidate" COMPOSE_FILE "$(compose_files)"
  if [[ -S $HOST_ROOT/var/run/docker.sock ]]; then write_if_other "$candidate" DOCKER_GID "$(stat -Lc %g "$HOST_ROOT/var/run/docker.sock")"; fi
}

write_if_other() { [[ ${ENV_VALUES[$2]-} == "$3" ]] || env_write "$1" "$2" "$3"; }

# The stack's own files, then those that the operator added, each once.
compose_files() {
  local file files=docker-compose.yml:docker-compose.prod.yml extras
  [[ $MODE != local ]] || files=docker-compose.yml:docker-compose.local.yml
  extras=$(env_value COMPOSE_FILE):${BASTIDE_COMPOSE_EXTRA:-}
  [[ ! -f $ROOT/docker-compose.override.yml ]] || extras+=:docker-compose.override.yml
  while read -r file; do
    case $file in '' | docker-compose.yml | docker-compose.prod.yml | docker-compose.local.yml) continue ;; esac
    # The operator's own file goes away when it is deleted; a wrong name stays, and the validation tells it.
    [[ $file != docker-compose.override.yml || -f $ROOT/$file ]] || continue
    [[ :$files: == *:"$file":* ]] || files+=:$file
  done <<<"${extras//:/$'\n'}"
  printf '%s' "$files"
}
