# shellcheck shell=bash
# Sourced by the scripts of this folder, which GitHub's workflows and people run alike.

# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/common.sh"

# Exit codes of ours and of scripts/upgrade.sh that a caller can act on.
# shellcheck disable=SC2034 # for whoever sources this
readonly EXIT_CONFIG=20 EXIT_IMAGES=30 EXIT_BUSY=75 EXIT_ROLLED_BACK=80 EXIT_ROLLBACK_FAILED=81

# fail CODE WHAT WHY FIX: in the run's log, and on GitHub as an annotation as well.
fail() {
  printf '✖ WHAT  %s\n  WHY   %s\n  FIX   %s\n  CODE  %s\n' "$2" "$3" "$4" "$1" >&2
  [[ -z ${GITHUB_ACTIONS:-} ]] || printf '::error title=%s::%s %s\n' "$2" "${3//$'\n'/%0A}" "${4//$'\n'/%0A}"
  exit "$1"
}

# summarize TEXT: into the summary page of the workflow's run, and into the log.
summarize() {
  printf '%s\n' "$1" >&2
  [[ -z ${GITHUB_STEP_SUMMARY:-} ]] || printf '%s\n\n' "$1" >>"$GITHUB_STEP_SUMMARY"
}

is_version() { [[ $1 =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z]+(\.[0-9A-Za-z]+)*)?$ ]]; }

# need_version TEXT: stops unless it is a version without the `v` of its tag.
need_version() {
  is_version "$1" || fail "$EXIT_CONFIG" "'$1' is not a version." \
    "A version is three numbers, and optionally a pre-release: 1.4.0 or 1.4.0-rc.1." "Give the tag without its v."
}

# own_images: lines `name dockerfile variable` of the images that this repository builds.
own_images() { grep -v '^#' "$ROOT/scripts/ci/own-images.txt" | tr -s ' '; }

# registry: where this repository's images live. A registry refuses upper case.
registry() { printf 'ghcr.io/%s\n' "${GITHUB_REPOSITORY,,}"; }
