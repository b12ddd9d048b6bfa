#!/usr/bin/env bash
# Looks at an appliance from outside, as its users do: names, certificates, routes, the login's issuer, and that what must not
# be public is not.
set -euo pipefail

# shellcheck source=scripts/ci/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
  cat <<'TEXT'
Usage: scripts/ci/smoke.sh DOMAIN [--local CA_FILE] [--connect HOST:HTTP_PORT:HTTPS_PORT] [--wait SECONDS]

  --local    TLS_MODE=local: trust this authority, and expect no HSTS
  --connect  go there, whatever the names resolve to
  --wait     how long what is not right yet may take to become so, in all (default 180)
TEXT
}

CURL=(curl --silent --show-error --max-time 15)
LOCAL=false
WORK=''
DEADLINE=0
FAILED=()

main() {
  local domain='' wait=180 host http https
  while (($# > 0)); do
    case $1 in
      --local) CURL+=(--cacert "$2") && LOCAL=true && shift ;;
      --connect)
        IFS=: read -r host http https <<<"$2"
        CURL+=(--connect-to ":80:$host:$http" --connect-to ":443:$host:$https")
        shift
        ;;
      --wait) wait=$2 && shift ;;
      -h | --help) usage && exit 0 ;;
      -*) usage >&2 && exit "$EXIT_CONFIG" ;;
      *) domain=$1 ;;
    esac
    shift
  done
  [[ -n $domain ]] || { usage >&2 && exit "$EXIT_CONFIG"; }
  WORK=$(mktemp -d "${TMPDIR:-/tmp}/bastide-smoke.XXXXXX")
  trap 'rm -rf "$WORK"' EXIT
  DEADLINE=$((SECONDS + wait))
  look "$domain"
  ((${#FAILED[@]} == 0)) || fail 1 "https://app.$domain is not well, seen from outside." \
    "$(printf '%s\n        ' "${FAILED[@]}")" "On the server: scripts/doctor.sh"
}

look() {
  local d=$1
  expect 'plain HTTP is sent to HTTPS' '30[18]' "http://app.$d/" "^location: https://app\.$d/"
  expect 'the dashboard opens' 200 "https://app.$d/" '<html'
  $LOCAL || expect 'browsers are told to stay on HTTPS' 200 "https://app.$d/" '^strict-transport-security: max-age='
  expect 'the status page opens' 200 "https://status.$d/" '<html'
  expect 'the API answers from its database' 200 "https://api.$d/v1/plans" '^content-type: application/json'
  expect 'the API asks who is calling' 401 "https://api.$d/v1/tenant" '"code"'
  expect 'the LLM gateway asks for a key' 401 "https://llm.$d/v1/models" '"error"'
  expect 'the login names itself as issuer' 200 "https://auth.$d/realms/cloud/.well-known/openid-configuration" \
    "\"issuer\" *: *\"https://auth\.$d/realms/cloud\""
  expect "the login's administration is closed" '40[34]' "https://auth.$d/admin/"
  expect "the login's metrics are closed" '40[34]' "https://auth.$d/metrics"
  expect "the API's metrics are closed" '40[34]' "https://api.$d/metrics"
}

# expect WHAT STATUS URL [PATTERN]: repeated until the deadline. PATTERN is looked for in the headers and the body.
expect() {
  local what=$1 status=$2 url=$3 pattern=${4:-} got
  while true; do
    got=$("${CURL[@]}" --dump-header "$WORK/headers" --output "$WORK/body" --write-out '%{http_code}' "$url" 2>"$WORK/error") || got=000
    touch "$WORK/headers" "$WORK/body"
    if [[ $got =~ ^$status$ ]] && { [[ -z $pattern ]] || grep -qiE "$pattern" "$WORK/headers" "$WORK/body"; }; then
      printf '  ✔ %s\n' "$what"
      break
    fi
    if ((SECONDS >= DEADLINE)); then
      printf '  ✖ %s\n' "$what"
      FAILED+=("$what: $url gave $(answer "$got") instead of $status${pattern:+ with $pattern}")
      break
    fi
    sleep 3
  done
  rm -f "$WORK/headers" "$WORK/body"
}

answer() {
  case $1 in
    000) head -c 200 "$WORK/error" | tr '\n' ' ' ;;
    *) printf '%s' "$1" ;;
  esac
}

main "$@"
