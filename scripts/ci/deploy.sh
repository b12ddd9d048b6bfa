#!/usr/bin/env bash
# Brings a server to a published release and looks at it from outside; what does not pass is taken back.
#   deploy.sh upgrade VERSION   deploy.sh rollback
# Ends with 0 when the server runs VERSION and is well, 80 when the former version runs again, 81 when not even that.
set -euo pipefail

# shellcheck source=scripts/ci/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
  cat <<'TEXT'
Usage: scripts/ci/deploy.sh upgrade VERSION | rollback

Environment: DEPLOY_HOST, DEPLOY_DOMAIN, DEPLOY_USER (bastide), DEPLOY_PORT (22),
             DEPLOY_SSH_KEY and DEPLOY_KNOWN_HOSTS (the contents, not the names, of the files)
TEXT
}

WORK=''
SSH=()

main() {
  local asked=${1:-}
  case $asked in
    upgrade) need_version "${2:-}" ;;
    rollback) ;;
    *) usage >&2 && exit "$EXIT_CONFIG" ;;
  esac
  prepare_ssh
  trap 'rm -rf "$WORK"' EXIT
  case $asked in
    upgrade) upgrade "$2" ;;
    rollback) roll_back 'somebody asked for it' && summarize "✔ $DEPLOY_DOMAIN runs $(door version) again." ;;
  esac
}

prepare_ssh() {
  local name
  for name in DEPLOY_HOST DEPLOY_DOMAIN DEPLOY_SSH_KEY DEPLOY_KNOWN_HOSTS; do
    [[ -n ${!name:-} ]] || fail "$EXIT_CONFIG" "$name is not set." \
      "A deployment needs to know the server, its domain, its host key, and to have a key of its own." \
      "Set it in the environment's settings on GitHub; docs/releasing.md lists them."
  done
  WORK=$(mktemp -d "${TMPDIR:-/tmp}/bastide-deploy.XXXXXX")
  # ssh refuses a key that others could read, and one without the newline that a form cuts off.
  (umask 077 && printf '%s\n' "$DEPLOY_SSH_KEY" >"$WORK/key" && printf '%s\n' "$DEPLOY_KNOWN_HOSTS" >"$WORK/known_hosts")
  SSH=(ssh -i "$WORK/key" -p "${DEPLOY_PORT:-22}" -T
    -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=yes -o "UserKnownHostsFile=$WORK/known_hosts"
    -o ConnectTimeout=20 -o ServerAliveInterval=15 -o ServerAliveCountMax=4
    "${DEPLOY_USER:-bastide}@$DEPLOY_HOST")
}

# door WORD…: see scripts/ci/door.sh, which answers at the other end.
door() { "${SSH[@]}" "$*" </dev/null; }

# An upgrade goes on when the connection breaks (status 255): ask how it went.
door_through_breaks() {
  local status=0 tries
  door "$@" || status=$?
  for ((tries = 1; status == 255 && tries <= 20; tries++)); do
    note "The connection broke; asking again ($tries)"
    sleep "${DEPLOY_RETRY_SECONDS:-15}"
    status=0
    door wait || status=$?
  done
  return "$status"
}

upgrade() {
  local version=$1 before status=0
  before=$(door version) || fail "$EXIT_CONFIG" "$DEPLOY_HOST does not let us in." \
    "ssh ended with status $?; its words are above." "Check the server's authorized_keys and DEPLOY_KNOWN_HOSTS."
  log "$DEPLOY_DOMAIN: $before → $version"
  door_through_breaks upgrade "$version" || status=$?
  case $status in
    0) ;;
    "$EXIT_ROLLED_BACK") still_well "$before" ;;
    "$EXIT_ROLLBACK_FAILED") lost "The upgrade of $DEPLOY_DOMAIN to $version failed, and so did its rollback." ;;
    *)
      fail "$status" "$DEPLOY_DOMAIN was not upgraded to $version." \
        "scripts/upgrade.sh ended with $status before it changed anything, or the server could not tell; its words are above." \
        "Run scripts/doctor.sh on the server, then this job again."
      ;;
  esac
  look_from_outside && [[ $(door version) == "$version" ]] && {
    summarize "✔ $DEPLOY_DOMAIN runs $version (before: $before)."
    return 0
  }
  roll_back "$version is up by its own account but not well from outside"
  summarize "✖ $version was taken back: $DEPLOY_DOMAIN runs $before again."
  exit "$EXIT_ROLLED_BACK"
}

look_from_outside() { "$ROOT/scripts/ci/smoke.sh" "$DEPLOY_DOMAIN" --wait "${DEPLOY_SMOKE_WAIT:-180}"; }

# upgrade.sh has rolled back by itself: say whether the former version really serves again.
still_well() {
  look_from_outside || lost "The upgrade of $DEPLOY_DOMAIN failed and was rolled back, but $1 is not well either."
  fail "$EXIT_ROLLED_BACK" "$DEPLOY_DOMAIN still runs $1." \
    "scripts/upgrade.sh met a failure and went back by itself; its words are above." \
    "Nothing is urgent: mend the release and deploy the next version."
}

roll_back() {
  local status=0
  log "Rolling $DEPLOY_DOMAIN back: $1"
  door_through_breaks rollback || status=$?
  ((status == 0)) || lost "The rollback of $DEPLOY_DOMAIN ended with status $status."
  look_from_outside || lost "$DEPLOY_DOMAIN was rolled back but is not well."
}

lost() {
  summarize "✖ $1"
  fail "$EXIT_ROLLBACK_FAILED" "$1" "Users see it now." \
    "Go to the server: scripts/doctor.sh, then the page of the runbook on failed upgrades."
}

main "$@"
