# shellcheck shell=bash
# The command line. Each option may also come from the environment; an option wins.
# shellcheck disable=SC2034 # its variables are for the phases

usage() {
  cat <<'TEXT'
Usage: scripts/install.sh [options]

What it needs to know (an existing .env is kept; on a terminal it asks for what is missing):
  --domain NAME            app.NAME is the dashboard, <tenant>.NAME the sites          BASTIDE_DOMAIN
  --email ADDRESS          the operator: first account, alerts, certificates           BASTIDE_EMAIL
  --mode prod|local        a server with a domain, or this machine to try it           BASTIDE_MODE
  --size s|m|l             8, 16 or 32 GB; by default from the memory that is there    BASTIDE_SIZE
  --acme-dns-provider CODE lego's code of the DNS provider, for the wildcard           BASTIDE_ACME_DNS_PROVIDER
  --http-port N, --https-port N   ports of the local mode                              BASTIDE_HTTP_PORT, BASTIDE_HTTPS_PORT
  --set NAME=VALUE         any variable of .env.example; may be repeated
  --secret-file NAME=PATH  takes a secret from a file; may be repeated                 BASTIDE_SECRET_<NAME>

How it works:
  --yes                    never asks; installs Docker from the distribution if needed BASTIDE_YES=1
  --dry-run                says what it would do and changes nothing
  --skip-check NAME        leaves out a check of the pre-flight; may be repeated       BASTIDE_SKIP_CHECKS (commas)
  --docker-from distribution|docker   where Docker comes from when it is missing       BASTIDE_DOCKER_FROM
  --configure-only         stops when settings, secrets and certificates are in place
  -h, --help

BASTIDE_COMPOSE_EXTRA (compose files divided by colons) is added to COMPOSE_FILE.

Exit codes: 0 done, 10 pre-flight, 20 configuration, 30 images, 40 start, 50 migration; docs/troubleshooting.md explains each.
TEXT
}

# Explicit answers; they change an existing .env, which what comes from the environment does not.
declare -gA OPTION=()
declare -gA SECRET_FILES=()
declare -gA SKIPPED_CHECKS
YES=false
DRY_RUN=false
UNTIL_SECRETS=false
MODE=''
DOCKER_FROM=${BASTIDE_DOCKER_FROM:-distribution}

parse_arguments() {
  local name
  [[ ${BASTIDE_YES:-} != 1 ]] || YES=true
  while read -r name; do [[ -z $name ]] || SKIPPED_CHECKS[$name]=1; done < <(tr , '\n' <<<"${BASTIDE_SKIP_CHECKS:-}")
  while (($# > 0)); do
    case $1 in
      --yes) YES=true ;;
      --dry-run) DRY_RUN=true ;;
      --configure-only) UNTIL_SECRETS=true ;;
      -h | --help)
        usage
        exit 0
        ;;
      --*)
        (($# > 1)) || wrong_usage "$1 needs a value"
        take_option "$1" "$2"
        shift
        ;;
      *) wrong_usage "unknown argument $1" ;;
    esac
    shift
  done
  case ${MODE:-prod} in prod | local) ;; *) wrong_usage "--mode is prod or local, not $MODE" ;; esac
  case $DOCKER_FROM in distribution | docker) ;; *) wrong_usage "--docker-from is distribution or docker, not $DOCKER_FROM" ;; esac
}

take_option() {
  case $1 in
    --domain) OPTION[DOMAIN]=$2 ;;
    --email) OPTION[OPERATOR_EMAIL]=$2 ;;
    --size) OPTION[SIZE]=$2 ;;
    --mode) MODE=$2 ;;
    --acme-dns-provider) OPTION[ACME_DNS_PROVIDER]=$2 ;;
    --http-port) OPTION[HTTP_PORT]=$2 ;;
    --https-port) OPTION[HTTPS_PORT]=$2 ;;
    --docker-from) DOCKER_FROM=$2 ;;
    --skip-check) SKIPPED_CHECKS[$2]=1 ;;
    --set)
      [[ $2 =~ ^([A-Z][A-Z0-9_]*)=(.*)$ ]] || wrong_usage "--set takes NAME=VALUE, not $2"
      OPTION[${BASH_REMATCH[1]}]=${BASH_REMATCH[2]}
      ;;
    --secret-file)
      [[ $2 =~ ^([a-z][a-z0-9_.-]*)=(.+)$ && -n $(secret_kind "${BASH_REMATCH[1]}") ]] || wrong_usage "--secret-file takes NAME=PATH with a name of secrets/, not $2"
      SECRET_FILES[${BASH_REMATCH[1]}]=${BASH_REMATCH[2]}
      ;;
    *) wrong_usage "unknown option $1" ;;
  esac
}

interactive() { [[ -t 0 && -t 2 ]] && ! $YES; }

# ask QUESTION DEFAULT → REPLY
ask() {
  local question=$1 default=$2
  printf '? %s%s: ' "$question" "${default:+ [$default]}" >&2
  read -r REPLY
  REPLY=${REPLY:-$default}
}

# confirm QUESTION: yes is the default; without a terminal only --yes consents.
confirm() {
  $YES && return 0
  interactive || return 1
  ask "$1 (y/n)" y
  [[ $REPLY == [yY]* ]]
}
