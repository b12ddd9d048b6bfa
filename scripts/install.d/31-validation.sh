# shellcheck shell=bash
# Every rule that a variable of .env has to meet; one line for each that is broken.

configuration_problems() {
  local problem
  for problem in "${ENV_PROBLEMS[@]}"; do echo "$problem"; done
  rules
  local name
  for name in "${!SECRET_FILES[@]}"; do
    [[ -r ${SECRET_FILES[$name]} ]] || echo "--secret-file $name: ${SECRET_FILES[$name]} cannot be read"
  done
}

readonly LABEL='[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?'
readonly IPV4_NET='([0-9]{1,3}\.){3}[0-9]{1,3}(/[0-9]{1,2})?'
readonly IPV6_NET='[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(/[0-9]{1,3})?'

rules() {
  must DOMAIN "^$LABEL(\.$LABEL)+$" 'a domain in lower case, like cloud.example.com'
  must OPERATOR_EMAIL '^[^@[:space:]"<>]+@[^@[:space:]"<>]+$' 'an e-mail address'
  must COMPOSE_PROJECT_NAME '^[a-z0-9][a-z0-9_-]*$' 'lower-case letters, digits, - and _'
  must SIZE '^[sml]$' 's, m or l'
  must TLS_MODE '^(acme|local|file)$' 'acme, local or file'
  must SECRETS_GID '^[0-9]{1,9}$' 'the number of a group'
  may TZ '^[A-Za-z0-9_+/-]+$' 'a time zone like Europe/Paris'
  may LOG_LEVEL '^(fatal|error|warn|info|debug|trace)$' 'fatal, error, warn, info, debug or trace'
  may ACME_EMAIL '^[^@[:space:]]+@[^@[:space:]]+$' 'an e-mail address'
  may ALERT_EMAIL '^[^@[:space:]]+@[^@[:space:]]+$' 'an e-mail address'
  may ACME_CA_SERVER '^https://[^[:space:]]+$' 'an address that begins with https://'
  may ADMIN_ALLOWED_CIDRS "^($IPV4_NET|$IPV6_NET)(,($IPV4_NET|$IPV6_NET))*$" 'networks like 203.0.113.0/24, divided by commas'
  may TRUSTED_PROXY_CIDRS "^($IPV4_NET|$IPV6_NET)(,($IPV4_NET|$IPV6_NET))*$" 'networks like 203.0.113.0/24, divided by commas'
  may SMTP_HOST '^[A-Za-z0-9.-]+$' 'the name of a mail server'
  may SMTP_REQUIRE_TLS '^(true|false)$' 'true or false'
  local url
  for url in LLM_UPSTREAM_URL AZURE_OPENAI_URL OLLAMA_URL VLLM_URL OPENROUTER_APP_URL; do
    may "$url" '^https?://[^[:space:]]+$' 'an address like https://api.example.com/v1'
  done
  may LLM_PROVIDER_URLS '^[a-z0-9-]+=https?://[^[:space:],]+(,[a-z0-9-]+=https?://[^[:space:],]+)*$' 'addresses of providers like groq=https://proxy.example.com/v1, divided by commas'
  may BACKUP_SCHEDULE '^(off|hourly|([01][0-9]|2[0-3]):[0-5][0-9](,([01][0-9]|2[0-3]):[0-5][0-9])*)$' 'HH:MM, several with commas, hourly, or off'
  may BACKUP_OFFSITE_APPEND_ONLY '^(true|false)$' 'true or false'
  local name
  for name in HTTP_PORT HTTPS_PORT SMTP_PORT; do port_rule "$name"; done
  for name in "${ENV_KEYS[@]}"; do
    case $name in
      *_MEMORY) may "$name" '^[0-9]+[kKmMgG]$' 'a size like 512M' ;;
      BACKUP_KEEP_*) may "$name" '^[0-9]+$' 'a number' ;;
      *_IMAGE) may "$name" '^[a-z0-9][a-zA-Z0-9._:/@-]*$' 'an image like registry/name:tag@sha256:…' ;;
    esac
    [[ ${ENV_VALUES[$name]} != *$'\n'* ]] || echo "$name has several lines; a value is one line"
  done
  related_rules
  secret_rules
}

related_rules() {
  local file profile
  if [[ $(env_value TLS_MODE) == acme && -z $(env_value ACME_DNS_PROVIDER) ]]; then
    echo "ACME_DNS_PROVIDER is empty; the wildcard certificate needs your DNS provider, one of: $(provider_codes | paste -sd ' '), or any other code of lego. (Or TLS_MODE=file with a certificate of your own, or --mode local to try it out)"
  fi
  may ACME_DNS_PROVIDER '^[a-z0-9-]+$' "lego's code of a DNS provider, like cloudflare"
  if [[ $MODE == local && $(env_value HTTP_PORT 80) == "$(env_value HTTPS_PORT 443)" ]]; then echo 'HTTP_PORT and HTTPS_PORT are the same'; fi
  if [[ $MODE == prod && "$(env_value HTTP_PORT 80) $(env_value HTTPS_PORT 443)" != '80 443' ]]; then
    echo 'HTTP_PORT and HTTPS_PORT are of the local mode; a server listens on 80 and 443, so they have to say that'
  fi
  while read -r file; do
    [[ -z $file || -f $ROOT/$file || -f $file ]] || echo "COMPOSE_FILE names $file, which is not there"
  done <<<"${ENV_VALUES[COMPOSE_FILE]//:/$'\n'}"
  while read -r profile; do
    case $profile in '' | postal | lago-front | pdf) ;; *) echo "COMPOSE_PROFILES: $profile is none of postal, lago-front, pdf" ;; esac
  done <<<"${ENV_VALUES[COMPOSE_PROFILES]//,/$'\n'}"
  [[ -z $(env_value TZ) || ! -d /usr/share/zoneinfo || -e /usr/share/zoneinfo/$(env_value TZ) ]] || echo "TZ: there is no time zone $(env_value TZ)"
}

# What is only complete together with a secret; the processes would refuse to start.
secret_rules() {
  if [[ -n $(env_value LLM_UPSTREAM_URL) ]]; then
    will_have llm_upstream_key || echo 'LLM_UPSTREAM_URL is set and secrets/llm_upstream_key is empty; set both or neither'
  elif will_have llm_upstream_key; then
    echo 'LLM_UPSTREAM_URL is not set and secrets/llm_upstream_key is; set both or neither'
  fi
  provider_key_rules
  if will_have stripe_secret_key; then
    will_have stripe_webhook_secret || echo 'secrets/stripe_secret_key is set and secrets/stripe_webhook_secret is empty; set both or neither'
  elif will_have stripe_webhook_secret; then
    echo 'secrets/stripe_webhook_secret is set and secrets/stripe_secret_key is empty; set both or neither'
  fi
}

# By their numbers: a line that is not understood may be nothing but a key.
provider_key_rules() {
  local keys
  keys=$(given_secret llm_provider_keys)
  [[ -n $keys ]] || keys=$(secret llm_provider_keys)
  awk '!/^[[:space:]]*(#|$)/ && !/^[[:space:]]*[A-Z][A-Z0-9_]*[[:space:]]*=/ { print "secrets/llm_provider_keys: line " NR " is not like GROQ_API_KEY=…" }' <<<"$keys"
}

will_have() { has_secret "$1" || [[ -n $(given_secret "$1") ]]; }

# must NAME REGEX MEANING · may NAME REGEX MEANING (empty is fine). The value is repeated: .env holds no secrets.
must() {
  if [[ -z ${ENV_VALUES[$1]:-} ]]; then echo "$1 is not set; it is $3"; else may "$@"; fi
}
may() {
  [[ -z ${ENV_VALUES[$1]:-} || ${ENV_VALUES[$1]} =~ $2 ]] || echo "$1 is $(printf '%q' "${ENV_VALUES[$1]}"), and not $3"
}

port_rule() {
  local port=${ENV_VALUES[$1]:-}
  [[ -n $port ]] || return 0
  [[ $port =~ ^[0-9]{1,5}$ ]] && ((10#$port >= 1 && 10#$port <= 65535)) || echo "$1 is $(printf '%q' "$port"), and not a port between 1 and 65535"
}
