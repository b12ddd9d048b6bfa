# shellcheck shell=bash
# secrets/: one file per secret, made once and never changed by a second run. Only openssl makes them.

SECRETS_DIR=$ROOT/secrets

# Name and kind, one a line. `optional` ones may stay empty: what they open is then off. `derived` ones are composed of
# others and follow them.
secret_list() {
  cat <<'LIST'
mariadb_root_password password
database_password password
database_url derived
keycloak_db_password password
postal_db_password password
backup_db_password password
monitoring_db_password password
bench_db_password password
postgres_password password
lago_db_password password
lago_database_url derived
valkey_queue_password password
valkey_cache_password password
valkey_frappe_password password
redis_url derived
redis_cache_url derived
lago_redis_url derived
lago_redis_cache_url derived
s3_root_password password
s3_bastide_secret_key password
s3_lago_secret_key password
s3_backup_secret_key password
encryption_key key
oidc_client_secret password
grafana_oidc_client_secret password
keycloak_admin_client_secret password
first_admin_password login
lago_secret_key_base hex
lago_rsa_private_key rsa_base64
lago_encryption_primary_key password
lago_encryption_deterministic_key password
lago_encryption_key_derivation_salt password
lago_api_key password
lago_admin_password login
bench_runner_token password
grafana_admin_password password
traefik_dashboard_password password
traefik_dashboard_users derived
backup_repository_password password
backup_offsite_ssh_key optional
backup-offsite.env optional
acme-dns.env optional
postal_signing_key rsa
postal_rails_secret hex
postal_smtp_key password
stripe_secret_key optional
stripe_webhook_secret optional
chargily_secret_key optional
llm_provider_keys optional
llm_upstream_key optional
smtp_password optional
smtp_url derived
alert_webhook_url optional
github_client_secret optional
google_client_secret optional
linkedin_client_secret optional
LIST
}

secret_path() { printf '%s/%s' "$SECRETS_DIR" "$1"; }
has_secret() { [[ -s $SECRETS_DIR/$1 ]]; }
secret() { [[ ! -f $SECRETS_DIR/$1 ]] || printf '%s' "$(<"$SECRETS_DIR/$1")"; }

# put_secret NAME: standard input, without the line break at its end, becomes the secret.
put_secret() {
  local value
  IFS= read -r -d '' value || true
  printf '%s' "${value%$'\n'}" | atomic_write "$SECRETS_DIR/$1" 440 "0:$(secrets_gid)"
}

# The group that services which read secrets are in (group_add in the compose files).
secrets_gid() { env_value SECRETS_GID 64738; }

# generate KIND: a fresh value on standard output.
generate() {
  case $1 in
    password) random_letters 40 ;;
    login) random_login ;;
    key) openssl rand -base64 32 ;;
    hex) openssl rand -hex 64 ;;
    rsa) openssl genrsa 2048 2>/dev/null ;;
    rsa_base64) openssl genrsa 2048 2>/dev/null | openssl base64 -A ;;
    *) return 1 ;;
  esac
}

# random_letters COUNT: of A–Z, a–z and 0–9, so that it needs no escaping in a URL, a shell or SQL. At most forty: the
# object store takes no longer key.
random_letters() {
  local letters=''
  while ((${#letters} < $1)); do
    letters+=$(openssl rand -base64 48)
    letters=${letters//[^A-Za-z0-9]/}
  done
  printf '%s' "${letters:0:$1}"
}

# What a person types once: five groups, and every class of characters that a password policy may ask for.
random_login() {
  local groups='' letters
  until [[ $groups == *[A-Z]* && $groups == *[a-z]* && $groups == *[0-9]* ]]; do
    letters=$(random_letters 20)
    groups=${letters:0:4}-${letters:4:4}-${letters:8:4}-${letters:12:4}-${letters:16:4}
  done
  printf '%s' "$groups"
}

# derive NAME: what the derived secret has to be now, from .env as loaded and the other secrets.
derive() {
  case $1 in
    database_url) printf 'mysql://bastide:%s@mariadb:3306/bastide' "$(secret database_password)" ;;
    lago_database_url) printf 'postgresql://lago:%s@postgres:5432/lago?search_path=public' "$(secret lago_db_password)" ;;
    lago_redis_url) printf 'redis://:%s@valkey-queue:6379/2' "$(secret valkey_queue_password)" ;;
    lago_redis_cache_url) printf 'redis://:%s@valkey-cache:6379/3' "$(secret valkey_cache_password)" ;;
    redis_url) printf 'redis://:%s@valkey-queue:6379/0' "$(secret valkey_queue_password)" ;;
    redis_cache_url) printf 'redis://:%s@valkey-cache:6379/4' "$(secret valkey_cache_password)" ;;
    smtp_url) smtp_url ;;
    traefik_dashboard_users) dashboard_users ;;
  esac
}

smtp_url() {
  local host user scheme=smtp port login='' tls
  host=$(env_value SMTP_HOST)
  if [[ -z $host ]]; then
    if has_profile postal; then
      printf 'smtp://bastide:%s@postal-smtp:25' "$(secret postal_smtp_key)"
    else
      # Reserved by RFC 2606 and never resolvable: mails wait in the queue until a relay is named.
      printf 'smtp://mail.invalid:25'
    fi
    return
  fi
  port=$(env_value SMTP_PORT 587)
  user=$(env_value SMTP_USER)
  # As Alertmanager does it: on 587 the password waits for STARTTLS, or whoever is in between could take it away.
  tls=$(env_value SMTP_REQUIRE_TLS "$([[ $port != 587 ]] || echo true)")
  if [[ $port == 465 ]]; then scheme=smtps tls=''; fi
  [[ -z $user ]] || login=$(url_encode "$user"):$(url_encode "$(secret smtp_password)")@
  printf '%s://%s%s:%s%s' "$scheme" "$login" "$host" "$port" "$([[ $tls != true ]] || echo '?requireTLS=true')"
}

# The salt is in what it prints; as long as the password still fits, the line stays as it is.
dashboard_users() {
  local password salt now
  password=$(secret traefik_dashboard_password)
  now=$(secret traefik_dashboard_users)
  salt=$(cut -d'$' -f3 <<<"$now")
  [[ -n $salt ]] || salt=$(random_letters 8)
  printf 'admin:%s' "$(openssl passwd -apr1 -salt "$salt" -stdin <<<"$password")"
}

has_profile() { [[ ,$(env_value COMPOSE_PROFILES), == *,"$1",* ]]; }

url_encode() {
  local LC_ALL=C text=$1 i char
  for ((i = 0; i < ${#text}; i++)); do
    char=${text:i:1}
    case $char in
      [A-Za-z0-9._~-]) printf '%s' "$char" ;;
      *) printf '%%%02X' "'$char" ;;
    esac
  done
}

# secret_faults: name, kind and fault, one a line: missing, outdated (no longer follows its parts), mode.
secret_faults() {
  local name kind wanted
  local -A is=()
  wanted="440 0:$(secrets_gid)"
  while read -r name kind; do is[$name]=$kind; done < <(find "$SECRETS_DIR" -maxdepth 1 -type f -printf '%f %m %U:%G\n' 2>/dev/null || true)
  is_mode "$SECRETS_DIR" 700 0:0 || echo 'folder folder mode'
  while read -r name kind; do
    if [[ ! -v is[$name] || ($kind != optional && ! -s $SECRETS_DIR/$name) ]]; then
      echo "$name $kind missing"
    elif [[ $kind == derived && $(derive "$name") != "$(secret "$name")" ]]; then
      echo "$name $kind outdated"
    elif [[ ${is[$name]} != "$wanted" ]]; then
      echo "$name $kind mode"
    fi
  done < <(secret_list)
}

# ensure_secrets: repairs each fault of secret_faults, and prints the names of what it changed. What has a value keeps it.
ensure_secrets() {
  local name kind fault value
  install -d -m 700 -o 0 -g 0 "$SECRETS_DIR"
  remove_temporaries "$SECRETS_DIR"
  # Twice: the first round makes the parts that the derived ones of the second are made of.
  for _ in 1 2; do
    while read -r name kind fault; do
      if [[ $fault == mode ]]; then
        chown "0:$(secrets_gid)" "$SECRETS_DIR/$name"
        chmod 440 "$SECRETS_DIR/$name"
      else
        case $kind in
          derived) value=$(derive "$name") ;;
          optional) value='' ;;
          *) value=$(generate "$kind") ;;
        esac
        put_secret "$name" <<<"$value"
      fi
      echo "$name"
    done < <(secret_faults)
  done | sort -u
}

secret_kind() { secret_list | awk -v name="$1" '$1 == name { print $2 }'; }
