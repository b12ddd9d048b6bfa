# shellcheck shell=bash
# One look through the edge, as a browser would: names, certificate, routes.

# Also sourced by scripts/upgrade.sh.
# shellcheck source=scripts/lib/appliance/edge.sh
source "$ROOT/scripts/lib/appliance/edge.sh"

smoke() {
  $DRY_RUN && return 0
  step "$EXIT_START" 'Smoke test through the edge'
  local domain failed=()
  domain=$(env_value DOMAIN)
  wait_for_certificate "app.$domain"
  expect 200 "app.$domain" / || failed+=("$REPLY")
  expect 200 "auth.$domain" /realms/cloud/.well-known/openid-configuration || failed+=("$REPLY")
  expect 401 "llm.$domain" /v1/models || failed+=("$REPLY")
  expect 200 "status.$domain" / || failed+=("$REPLY")
  ((${#failed[@]} == 0)) || fail "$EXIT_START" "The stack is up, and ${#failed[@]} of 4 addresses do not answer as they should." \
    "$(printf '%s\n' "${failed[@]}")" "scripts/doctor.sh looks at each part. docker compose logs traefik
Then run scripts/install.sh again."
  tell 'dashboard, log-in, LLM gateway and status page answer'
}

# expect STATUS HOST PATH: a few tries, since a container that just became healthy may still be unknown to the edge.
expect() {
  local wanted=$1 host=$2 path=$3 got try
  for ((try = 0; try < 15; try++)); do
    got=$(edge_status "$host" "$path")
    [[ $got != "$wanted" ]] || return 0
    sleep 2
  done
  REPLY="https://$host$path answered ${got:-nothing}, and not $wanted"
  return 1
}

# ACME by DNS takes a minute or two the first time; until then the edge has no certificate for the name.
wait_for_certificate() {
  [[ $(env_value TLS_MODE) == acme ]] || return 0
  local from=$SECONDS said
  while ! edge_curl "$1" / -o /dev/null; do
    if ((SECONDS - from > 300)); then
      said=$(docker logs --tail 300 "$(container_of traefik)" 2>&1 | grep -iE 'acme|certificate' | tail -n 3 | cut -c1-400 | redact)
      fail "$EXIT_START" "There is no valid certificate for $1 yet." "${said:-$(edge_curl "$1" / -o /dev/null -S 2>&1 | head -n 1)}" \
        "Check ACME_DNS_PROVIDER in .env and secrets/acme-dns.env; the provider's API must allow this server.
docker compose logs traefik; then run scripts/install.sh again."
    fi
    progress "$((SECONDS - from)) s" 'the certificate authority'
    sleep 2
  done
  progress_end
}
