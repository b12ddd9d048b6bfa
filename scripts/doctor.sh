#!/usr/bin/env bash
# Looks at everything that can go wrong with an installation and says for each finding what, why it matters, how to fix it.
# Changes nothing. Exit code: 0 well, 1 warnings, 2 failures.
set -Eeuo pipefail

# shellcheck source=scripts/lib/appliance/load.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/appliance/load.sh"
# shellcheck source=scripts/lib/appliance/edge.sh
source "$ROOT/scripts/lib/appliance/edge.sh"
# shellcheck source=scripts/install.d/11-checks-machine.sh
source "$ROOT/scripts/install.d/11-checks-machine.sh"
# shellcheck source=scripts/install.d/13-checks-network.sh
source "$ROOT/scripts/install.d/13-checks-network.sh"
# shellcheck source=scripts/doctor.d/10-machine.sh
source "$ROOT/scripts/doctor.d/10-machine.sh"
# shellcheck source=scripts/doctor.d/20-containers.sh
source "$ROOT/scripts/doctor.d/20-containers.sh"
# shellcheck source=scripts/doctor.d/30-data.sh
source "$ROOT/scripts/doctor.d/30-data.sh"
# shellcheck source=scripts/doctor.d/40-edge.sh
source "$ROOT/scripts/doctor.d/40-edge.sh"
# shellcheck source=scripts/doctor.d/50-mail.sh
source "$ROOT/scripts/doctor.d/50-mail.sh"
# shellcheck source=scripts/doctor.d/60-settings.sh
source "$ROOT/scripts/doctor.d/60-settings.sh"

usage() {
  cat <<'TEXT'
Usage: scripts/doctor.sh [--json] [--quiet] [--only NAME] [--skip-check NAME]

  --json             the findings as a JSON array on standard output
  --quiet            warnings and failures only
  --only NAME        this check alone; may be repeated
  --skip-check NAME  leaves a check out; may be repeated
TEXT
  printf '\nChecks: %s\n' "${CHECKS[*]}"
}

CHECKS=(settings secrets machine-memory swap disk-space inodes docker-disk kernel clock containers restarts out-of-memory images
  database migrations queue backups certificate edge published-ports dns caa mail)
JSON=false
QUIET=false
ONLY=()
MODE=prod

main() {
  parse_arguments "$@"
  catch_errors scripts/doctor.sh
  is_root || fail 2 'This is not root.' 'Only root may look at the secrets and at Docker.' 'sudo scripts/doctor.sh'
  [[ -f $ROOT/.env ]] || fail 2 'There is no installation here.' "$ROOT/.env does not exist." 'scripts/install.sh'
  env_load "$ROOT/.env"
  [[ $(env_value TLS_MODE) != local ]] || MODE=local
  # These need the internet to know this machine.
  [[ $MODE == prod ]] || SKIPPED_CHECKS+=([dns]=1 [caa]=1 [mail]=1)
  if ((${#ONLY[@]} > 0)); then CHECKS=("${ONLY[@]}"); fi
  run_checks "${CHECKS[@]}"
  report
}

parse_arguments() {
  while (($# > 0)); do
    case $1 in
      --json) JSON=true ;;
      --quiet) QUIET=true ;;
      --only)
        declare -F "check_${2//-/_}" >/dev/null || wrong_usage "there is no check ${2:-}"
        ONLY+=("$2")
        shift
        ;;
      --skip-check)
        SKIPPED_CHECKS[${2:?--skip-check needs a name}]=1
        shift
        ;;
      -h | --help)
        usage
        exit 0
        ;;
      *) wrong_usage "unknown argument $1" ;;
    esac
    shift
  done
}

wrong_usage() {
  usage >&2
  printf '✖ %s\n' "$1" >&2
  exit 2
}

report() {
  local failures warnings status=0
  failures=$(count_findings failure)
  warnings=$(count_findings warning)
  if ((failures > 0)); then status=2; elif ((warnings > 0)); then status=1; fi
  if $JSON; then
    findings_json | redact
  else
    { $QUIET || show_findings ok && show_findings warning failure; } | redact
    printf '\n%s failures, %s warnings, %s well\n' "$failures" "$warnings" "$(count_findings ok)"
  fi
  exit "$status"
}

main "$@"
