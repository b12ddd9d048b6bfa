# shellcheck shell=bash
# Looks at everything that the installation needs and changes nothing. Every failure is told at once, each with its fix.

# shellcheck source=scripts/install.d/11-checks-machine.sh
source "$ROOT/scripts/install.d/11-checks-machine.sh"
# shellcheck source=scripts/install.d/12-checks-docker.sh
source "$ROOT/scripts/install.d/12-checks-docker.sh"
# shellcheck source=scripts/install.d/13-checks-network.sh
source "$ROOT/scripts/install.d/13-checks-network.sh"

preflight() {
  local checks=(root tools os architecture cores memory swap disk inodes cgroups kernel security-module docker compose ports clock outbound)
  step "$EXIT_PREFLIGHT_FAILED" 'Pre-flight: looking at this machine (nothing is changed yet)'
  [[ $MODE == local ]] || checks+=(dns caa)
  ! has_profile postal || checks+=(outbound-mail)
  FINDINGS=()
  run_checks "${checks[@]}"
  show_findings ok | redact >>"$RUN_LOG"
  show_findings warning failure | tee -a "$RUN_LOG" >&2
  local failures
  failures=$(count_findings failure)
  if ((failures > 0)); then
    fail "$EXIT_PREFLIGHT_FAILED" "This machine is not ready: $failures of ${#checks[@]} checks failed, each with its fix above." \
      "$(failed_checks)" "Do what stands behind each \"fix\", then run scripts/install.sh again.
A check that is wrong about your machine: --skip-check NAME"
  fi
  tell "$((${#checks[@]} - failures)) checks passed$(warnings_text)"
}

failed_checks() {
  local finding severity check what
  for finding in "${FINDINGS[@]}"; do
    IFS=$UNIT read -r severity check what _ <<<"$finding"
    [[ $severity != failure ]] || printf '%s: %s\n' "$check" "$what"
  done
}

warnings_text() {
  local warnings
  warnings=$(count_findings warning)
  ((warnings == 0)) || printf ', %s with a warning' "$warnings"
}
