# shellcheck shell=bash
# This machine's edge, asked under its public names whatever the DNS says, and certificates.

# edge_port: where HTTPS listens on this machine.
edge_port() { if [[ $(env_value TLS_MODE) == local ]]; then env_value HTTPS_PORT 443; else echo 443; fi; }

# edge_curl HOST PATH [curl option…]
edge_curl() {
  local host=$1 path=$2 port trust=()
  shift 2
  port=$(edge_port)
  [[ $(env_value TLS_MODE) != local ]] || trust=(--cacert "$ROOT/secrets/tls/ca.crt")
  curl -s --noproxy '*' --max-time 15 --resolve "$host:$port:127.0.0.1" "${trust[@]}" "$@" "https://$host:$port$path"
}

edge_status() { edge_curl "$1" "$2" -o /dev/null -w '%{http_code}' || true; }

# The certificate that the edge shows for a name, as PEM.
edge_certificate() {
  timeout 10 openssl s_client -connect "127.0.0.1:$(edge_port)" -servername "$1" </dev/null 2>/dev/null | openssl x509 2>/dev/null
}

# The names of a certificate file, one a line.
certificate_names() { openssl x509 -in "$1" -noout -ext subjectAltName 2>/dev/null | grep -oE 'DNS:[^,[:space:]]+' | cut -d: -f2; }

# certificate_covers FILE DOMAIN: both the domain and its wildcard.
certificate_covers() {
  local names
  names=$(certificate_names "$1") || return 1
  grep -qxF "$2" <<<"$names" && grep -qxF "*.$2" <<<"$names"
}
