# shellcheck shell=bash
# What a browser meets: certificate, addresses, ports.

check_certificate() {
  local domain pem days names
  domain=$(env_value DOMAIN)
  pem=$(edge_certificate "app.$domain") || pem=''
  if [[ -z $pem ]]; then
    bad "The edge shows no certificate for app.$domain." 'Browsers refuse to open anything.' "$(certificate_fix)"
    return 0
  fi
  days=$((($(date -d "$(openssl x509 -noout -enddate <<<"$pem" | cut -d= -f2)" +%s) - $(date +%s)) / 86400))
  names=$(certificate_names /dev/stdin <<<"$pem" | paste -sd ' ')
  if ! certificate_covers /dev/stdin "$domain" <<<"$pem"; then
    bad "The certificate is for ${names:-no name}, and not for $domain and *.$domain." 'Browsers refuse to open the other addresses.' "$(certificate_fix)"
  elif ((days < 0)); then
    bad "The certificate expired $((-days)) days ago." 'Browsers refuse to open anything.' "$(certificate_fix)"
  elif ((days < 10)); then
    bad "The certificate expires in $days days." 'It should have been renewed long before; then browsers refuse to open anything.' "$(certificate_fix)"
  else
    fine "the certificate ($(env_value TLS_MODE)) is good for $days more days: $names"
  fi
}

certificate_fix() {
  case $(env_value TLS_MODE) in
    acme) echo 'docker compose logs traefik | grep -i acme; ACME_DNS_PROVIDER in .env and secrets/acme-dns.env' ;;
    file) echo 'Put a renewed one into secrets/tls/tls.crt and tls.key, then scripts/install.sh' ;;
    *) echo 'scripts/install.sh makes a new one' ;;
  esac
}

check_edge() {
  local domain entry host path wanted got
  domain=$(env_value DOMAIN)
  if [[ $(edge_status "app.$domain" /) == 000 ]]; then
    bad "The edge does not answer on port $(edge_port), or not with a valid certificate: $(edge_curl "app.$domain" / -o /dev/null -S 2>&1 | head -n 1)" \
      'Nothing is reachable.' 'docker compose ps traefik; docker compose logs --tail 50 traefik'
    return 0
  fi
  for entry in "app.$domain / 200" "auth.$domain /realms/cloud/.well-known/openid-configuration 200" "llm.$domain /v1/models 401" \
    "status.$domain / 200" "auth.$domain /admin/ 404" "app.$domain /metrics 404"; do
    read -r host path wanted <<<"$entry"
    got=$(edge_status "$host" "$path")
    # A page of the dashboard under an unknown path is as good as a 404: what matters is that it is not the metrics.
    if [[ $got == "$wanted" || ($wanted == 404 && $got =~ ^(200|401|403)$ && $path == /metrics && $(edge_curl "$host" "$path") != *'# TYPE'*) || ($wanted == 404 && $got == 403) ]]; then
      fine "https://$host$path answers $got"
    else
      bad "https://$host$path answers $got, and not $wanted." "$(if [[ $wanted == 404 ]]; then echo 'What is internal would be open to everybody.'; else echo 'People see an error there.'; fi)" \
        'docker compose logs --tail 50 traefik; the service behind it is named in traefik/dynamic/'
    fi
  done
}

# Ports that containers publish to the world, ours and others'.
check_published_ports() {
  local name ports port allowed=' 80 443 ' strange=0
  ! has_profile postal || allowed+='25 587 '
  [[ $MODE != local ]] || allowed+="$(env_value HTTP_PORT 80) $(env_value HTTPS_PORT 443) "
  while IFS=$'\t' read -r name ports; do
    for port in $(grep -oE '(0\.0\.0\.0|\[?::\]?):[0-9]+->' <<<"$ports" | grep -oE '[0-9]+->' | tr -d '>-' | sort -un); do
      [[ $allowed != *" $port "* ]] || continue
      strange=$((strange + 1))
      warn "The container $name publishes port $port to the world." 'Docker opens published ports past the firewall (ufw does not see them).' \
        "Publish it on 127.0.0.1 only, or not at all."
    done
  done < <(docker ps --format '{{.Names}}	{{.Ports}}')
  ((strange > 0)) || fine 'only our ports are published'
  port=$(ss -Hlnt 2>/dev/null | awk '{ print $4 }' | grep -vE '^(127\.|\[::1\]|\[::ffff:127\.)' | grep -oE '[0-9]+$' | sort -un | grep -vxE '22|25|80|443|587' | paste -sd ' ')
  [[ -z $port || $MODE == local ]] || warn "Other programs of this machine listen on ports $port." 'Each is a door of its own.' \
    'ss -lntp shows which; close them, or let the firewall do it. docs/security.md'
}
