# shellcheck shell=bash
# A certificate authority of this machine (ten years) and the wildcard that it signs (397 days, the most that browsers
# accept), made anew when less than thirty days are left or the domain is another.

local_authority() {
  local domain
  domain=$(env_value DOMAIN)
  if ! certificate_lasts "$TLS_DIR/ca.crt" 365 || ! [[ -s $TLS_DIR/ca.key ]]; then
    changed 'make a certificate authority in secrets/tls'
    $DRY_RUN || make_authority "$domain"
  fi
  if ! leaf_is_good "$domain"; then
    changed "make a certificate for $domain and *.$domain"
    $DRY_RUN || make_leaf "$domain"
  fi
  $DRY_RUN || protect_key "$TLS_DIR/tls.key"
}

certificate_lasts() { [[ -s $1 ]] && openssl x509 -in "$1" -noout -checkend $(($2 * 86400)) >/dev/null 2>&1; }

leaf_is_good() {
  certificate_lasts "$TLS_DIR/tls.crt" 30 && certificate_covers "$TLS_DIR/tls.crt" "$1" &&
    [[ $(openssl x509 -in "$TLS_DIR/tls.crt" -noout -pubkey) == "$(openssl pkey -in "$TLS_DIR/tls.key" -pubout 2>/dev/null)" ]] &&
    openssl verify -CAfile "$TLS_DIR/ca.crt" "$TLS_DIR/tls.crt" >/dev/null 2>&1
}

make_authority() {
  local key certificate
  key=$(openssl ecparam -name prime256v1 -genkey -noout)
  certificate=$(openssl req -x509 -new -key <(printf '%s\n' "$key") -sha256 -days 3650 -subj "/CN=Bastide local authority ($1)" \
    -addext 'basicConstraints=critical,CA:TRUE,pathlen:0' -addext 'keyUsage=critical,keyCertSign,cRLSign')
  # The key first: a certificate without its key would look complete.
  printf '%s\n' "$key" | atomic_write "$TLS_DIR/ca.key" 400 0:0
  printf '%s\n' "$certificate" | atomic_write "$TLS_DIR/ca.crt" 444
}

make_leaf() {
  local key request certificate serial
  key=$(openssl ecparam -name prime256v1 -genkey -noout)
  serial=0x$(openssl rand -hex 16 | sed 's/^./4/')
  request=$(openssl req -new -key <(printf '%s\n' "$key") -subj "/CN=$1")
  certificate=$(openssl x509 -req -in <(printf '%s\n' "$request") -CA "$TLS_DIR/ca.crt" -CAkey "$TLS_DIR/ca.key" -set_serial "$serial" \
    -sha256 -days 397 -extfile <(printf '%s\n' "subjectAltName=DNS:$1,DNS:*.$1" 'basicConstraints=critical,CA:FALSE' \
      'keyUsage=critical,digitalSignature' 'extendedKeyUsage=serverAuth' 'subjectKeyIdentifier=hash' 'authorityKeyIdentifier=keyid') 2>/dev/null)
  printf '%s\n' "$key" | atomic_write "$TLS_DIR/tls.key" 440 "0:$(secrets_gid)"
  { printf '%s\n' "$certificate" && cat "$TLS_DIR/ca.crt"; } | atomic_write "$TLS_DIR/tls.crt" 444
}
