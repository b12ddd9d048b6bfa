# shellcheck shell=bash
# Where the edge's certificate comes from: a local authority, the operator's own files, or ACME with the credentials of
# the DNS provider.

# shellcheck source=scripts/install.d/51-local-authority.sh
source "$ROOT/scripts/install.d/51-local-authority.sh"

TLS_DIR=$ROOT/secrets/tls

certificates() {
  step "$EXIT_CONFIG" "Certificates: $(env_value TLS_MODE)"
  if ! $DRY_RUN; then
    install -d -m 750 -o 0 -g "$(secrets_gid)" "$TLS_DIR"
    remove_temporaries "$TLS_DIR"
  fi
  case $(env_value TLS_MODE) in
    local) local_authority ;;
    file) own_certificate ;;
    acme) acme_credentials ;;
  esac
}

own_certificate() {
  local domain file
  domain=$(env_value DOMAIN)
  for file in tls.crt tls.key; do
    [[ -s $TLS_DIR/$file ]] || fail "$EXIT_CONFIG" "secrets/tls/$file is not there." 'TLS_MODE=file means that you bring the certificate.' \
      "Put the certificate with its chain into secrets/tls/tls.crt and its key into secrets/tls/tls.key."
  done
  certificate_covers "$TLS_DIR/tls.crt" "$domain" || fail "$EXIT_CONFIG" "secrets/tls/tls.crt is not for $domain and *.$domain." \
    "It is for: $(certificate_names "$TLS_DIR/tls.crt" | paste -sd ' ')" 'Get one whose names include both.'
  [[ $(openssl x509 -in "$TLS_DIR/tls.crt" -noout -pubkey) == "$(openssl pkey -in "$TLS_DIR/tls.key" -pubout 2>/dev/null)" ]] ||
    fail "$EXIT_CONFIG" 'secrets/tls/tls.key does not belong to secrets/tls/tls.crt.' 'Their public keys differ.' 'Put the key there that the certificate was made with.'
  openssl x509 -in "$TLS_DIR/tls.crt" -noout -checkend 0 >/dev/null || fail "$EXIT_CONFIG" 'secrets/tls/tls.crt has expired.' \
    "$(openssl x509 -in "$TLS_DIR/tls.crt" -noout -enddate)" 'Put a renewed one there.'
  $DRY_RUN || protect_key "$TLS_DIR/tls.key"
}

protect_key() {
  is_mode "$1" 440 "0:$(secrets_gid)" && return 0
  chown "0:$(secrets_gid)" "$1"
  chmod 440 "$1"
}

# ---------------------------------------------------------------- ACME
provider_codes() { awk '!/^#/ { print $1 }' "$ROOT/scripts/install.d/acme-providers.txt"; }
provider_variables() { awk -v code="$1" '$1 == code { for (i = 2; i <= NF; i++) print $i }' "$ROOT/scripts/install.d/acme-providers.txt"; }

# secrets/acme-dns.env must hold what lego asks for; an unknown provider's variables are the operator's business.
acme_credentials() {
  local provider file=$SECRETS_DIR/acme-dns.env group name missing=() new=()
  provider=$(env_value ACME_DNS_PROVIDER)
  while read -r group; do
    [[ -n $group ]] || continue
    has_any "$file" "$group" && continue
    name=$(given_any "$group")
    if [[ -z $name ]] && interactive; then
      read -r -s -p "? ${group%%|*} (not shown): " REPLY
      echo >&2
      [[ -z $REPLY ]] || declare -gx "${group%%|*}=$REPLY"
      name=$(given_any "$group")
    fi
    if [[ -n $name ]]; then new+=("$name=${!name}"); else missing+=("${group//|/ or }"); fi
  done < <(provider_variables "$provider")
  if ((${#missing[@]} > 0)); then
    fail "$EXIT_CONFIG" "The credentials of the DNS provider $provider are not complete." \
      "The certificate authority asks for a record in the DNS, and the edge has to be able to make it. Missing: ${missing[*]}" \
      "Write them into $file, one NAME=value a line, or give them as environment variables; then run scripts/install.sh again.
Where to get them: https://go-acme.github.io/lego/dns/$provider/"
  fi
  ((${#new[@]} > 0)) || return 0
  changed "secrets/acme-dns.env: ${#new[@]} variables of $provider"
  $DRY_RUN || { cat "$file" 2>/dev/null && [[ ! -s $file ]] || echo; printf '%s\n' "${new[@]}"; } | sed '/^$/d' | put_secret acme-dns.env
}

has_any() {
  local name
  while read -r name; do grep -qsE "^(export )?${name}(_FILE)?=.+" "$1" && return 0; done <<<"${2//|/$'\n'}"
  return 1
}

given_any() {
  local name
  while read -r name; do
    if [[ -n ${!name:-} ]]; then
      echo "$name"
      return 0
    fi
  done <<<"${1//|/$'\n'}"
}
