# shellcheck shell=bash
# Checks of what other machines say.

check_clock() {
  local skew
  skew=$(clock_skew https://acme-v02.api.letsencrypt.org/directory https://deb.debian.org/ https://registry-1.docker.io/v2/) || {
    warn 'The clock could not be compared with another one.' 'Certificates and log-ins depend on the time.' 'timedatectl; let NTP run: timedatectl set-ntp true'
    return 0
  }
  skew=${skew#-}
  if ((skew <= 30)); then fine 'the clock is right'; else
    bad "The clock is wrong by $skew seconds." 'Log-ins and certificates of other machines would look expired or not yet valid.' \
      'timedatectl set-ntp true'
  fi
}

# Only what the images that are not here yet need.
check_outbound() {
  local registry status unreachable=()
  while read -r registry; do
    status=$(http_status "https://$registry/v2/")
    [[ $status != 000 ]] || unreachable+=("$registry")
  done < <(needed_registries)
  if ((${#unreachable[@]} == 0)); then fine 'the registries of the missing images answer'; else
    bad "These cannot be reached on port 443: ${unreachable[*]}." 'Images that are not here yet come from there.' \
      'Open outgoing port 443, set a proxy for Docker (systemctl edit docker), or load the images with docker load and run this again.'
  fi
}

# The registries of the images that Docker does not have; all of them when there is no Docker to ask.
needed_registries() {
  local image
  if ! docker compose version >/dev/null 2>&1; then
    echo registry-1.docker.io
    return 0
  fi
  while read -r image; do registry_of "$image"; done < <(missing_images 2>/dev/null | grep -v '^bastide/' || true) | sort -u
}

registry_of() {
  local first=${1%%/*}
  if [[ $1 == */* && ($first == *.* || $first == *:* || $first == localhost) ]]; then echo "$first"; else echo registry-1.docker.io; fi
}

check_dns() {
  local domain name addresses own
  domain=$(env_value DOMAIN)
  [[ -n $domain ]] || { fine 'no domain yet' && return 0; }
  own=$(own_addresses)
  # A name that nobody made shows whether the wildcard leads here.
  for name in "app.$domain" "bastide-check-$RANDOM.$domain"; do
    addresses=$(addresses_of "$name")
    if [[ -z $addresses ]]; then
      bad "$name has no address in the DNS." 'Browsers could not find the dashboard or the sites.' \
        "At your DNS provider: $domain and *.$domain, type A, to this server's public IPv4 address$(own_hint "$own")."
    elif [[ -z $(comm -12 <(sort <<<"$addresses") <(sort <<<"$own")) ]]; then
      warn "$name leads to $(paste -sd ' ' <<<"$addresses"), which is no address of this machine." \
        'That is right behind a router or a CDN, and wrong otherwise.' "Compare it with this server's public address."
    else
      fine "$name leads here"
      [[ $name != app.* ]] || ipv6_visitors "$name" "$(comm -12 <(sort <<<"$addresses") <(sort <<<"$own") | grep : | head -n 1 || true)"
    fi
  done
}

# ipv6_visitors NAME ADDRESS: Docker carries IPv6 to a network without it by a program of its own, which hides who asks.
ipv6_visitors() {
  [[ -n $2 && $(docker network inspect --format '{{.EnableIPv6}}' "$(project)_frontend" 2>/dev/null) != true ]] || return 0
  warn "$1 leads to this machine by IPv6 as well ($2)." \
    'All who come by IPv6 have one address for the edge: they share its limits of log-ins and requests, and ADMIN_ALLOWED_CIDRS cannot tell them apart.' \
    'Take the AAAA records away. Or, with Docker 27 or newer, "networks: { frontend: { enable_ipv6: true } }" in docker-compose.override.yml, then docker compose down and scripts/install.sh.'
}

own_hint() {
  local public
  public=$(grep -vE '^(10\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.|100\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\.|f[cd]|fe80)' <<<"$1" | grep -v ':' | head -n 1)
  [[ -z $public ]] || printf ' (%s)' "$public"
}

check_caa() {
  local domain found
  domain=$(env_value DOMAIN)
  [[ -n $domain && $(env_value TLS_MODE acme) == acme ]] || { fine 'not needed' && return 0; }
  lookup_tool >/dev/null || { fine 'not looked at: neither dig nor host is installed' && return 0; }
  found=$(records CAA "$domain")
  if [[ -z $found || $found == *letsencrypt.org* || $(env_value ACME_CA_SERVER) != *letsencrypt.org* ]]; then
    fine 'the CAA records allow the certificate authority'
  else
    bad "The CAA records of $domain do not allow Let's Encrypt." "They say: $(paste -sd ';' <<<"$found")" \
      "At your DNS provider, add to $domain: CAA 0 issuewild \"letsencrypt.org\" and CAA 0 issue \"letsencrypt.org\""
  fi
}

check_outbound_mail() {
  if can_connect gmail-smtp-in.l.google.com 25; then fine 'outgoing port 25 is open'; else
    bad 'Outgoing port 25 is closed.' 'Most providers close it against spam; Postal could not deliver a single mail.' \
      'Ask your provider to open it, or use a relay instead: SMTP_HOST in .env, and no profile postal.'
  fi
}
