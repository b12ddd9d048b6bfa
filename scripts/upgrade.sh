#!/usr/bin/env bash
# Brings this installation to another release, or back. Whatever fails after the services were stopped is undone by itself.
set -Eeuo pipefail

# shellcheck source=scripts/lib/appliance/load.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/appliance/load.sh"
# shellcheck source=scripts/lib/appliance/images.sh
source "$ROOT/scripts/lib/appliance/images.sh"
# shellcheck source=scripts/lib/appliance/git.sh
source "$ROOT/scripts/lib/appliance/git.sh"
# shellcheck source=scripts/lib/appliance/release.sh
source "$ROOT/scripts/lib/appliance/release.sh"
# shellcheck source=scripts/upgrade.d/10-state.sh
source "$ROOT/scripts/upgrade.d/10-state.sh"
# shellcheck source=scripts/upgrade.d/20-target.sh
source "$ROOT/scripts/upgrade.d/20-target.sh"
# shellcheck source=scripts/upgrade.d/30-plan.sh
source "$ROOT/scripts/upgrade.d/30-plan.sh"
# shellcheck source=scripts/upgrade.d/40-image-sets.sh
source "$ROOT/scripts/upgrade.d/40-image-sets.sh"
# shellcheck source=scripts/upgrade.d/50-before.sh
source "$ROOT/scripts/upgrade.d/50-before.sh"
# shellcheck source=scripts/upgrade.d/60-switch.sh
source "$ROOT/scripts/upgrade.d/60-switch.sh"
# shellcheck source=scripts/upgrade.d/70-after.sh
source "$ROOT/scripts/upgrade.d/70-after.sh"
# shellcheck source=scripts/upgrade.d/80-rollback.sh
source "$ROOT/scripts/upgrade.d/80-rollback.sh"

usage() {
  cat <<'TEXT'
Usage: scripts/upgrade.sh [--to TAG|REF] [options]

  (no option)      to the newest release
  --to TAG|REF     to this release (1.4.0 or v1.4.0), branch or commit
  --check          is there something newer? exit 0 yes, 3 no; changes nothing
  --dry-run        the plan: images, migrations, settings, release notes, space; changes nothing
  --resume         goes on with an upgrade or a rollback that was interrupted
  --rollback       back to the release before the last upgrade, with the data of that moment
  --keep-data      with --rollback: the code only, when the older release can read the present data
  --gc             removes the images of all but the last two releases
  --skip-doctor    upgrade although scripts/doctor.sh finds a failure

Exit codes: 0 done, 3 nothing newer (--check), 10 pre-checks, 20 settings or git, 30 images, 80 failed and rolled back,
81 the rollback failed (it says what to do by hand). docs/upgrade.md explains the steps.
TEXT
}

MODE=upgrade
WANTED=''
KEEP_DATA=false
SKIP_DOCTOR=false
WORK=''

main() {
  parse_arguments "$@"
  catch_errors scripts/upgrade.sh
  trap clean_up EXIT
  case $MODE in
    check | plan) WORK=$(mktemp -d "${TMPDIR:-/tmp}/bastide-upgrade.XXXXXX") ;;
    *)
      start_run_log upgrade
      take_lock scripts/upgrade.sh
      # One place, under the lock: what a killed run left in it is not kept.
      WORK=$UPGRADE_DIR/work
      mkdir -p "$WORK"
      ;;
  esac
  env_load "$ENV_FILE"
  require_installation
  case $MODE in
    check) check_for_release ;;
    plan) find_target && show_plan ;;
    gc) collect_images ;;
    resume | continue) go_on ;;
    rollback) begin_rollback_by_hand ;;
    upgrade) begin_upgrade ;;
  esac
}

parse_arguments() {
  while (($# > 0)); do
    case $1 in
      --to)
        (($# > 1)) || wrong_usage '--to needs a release'
        WANTED=$2
        shift
        ;;
      --check) MODE=check ;;
      --dry-run) MODE=plan ;;
      --resume) MODE=resume ;;
      # Said by one release's script to the other's, in the middle of an upgrade.
      --continue) MODE='continue' ;;
      --rollback) MODE=rollback ;;
      --keep-data) KEEP_DATA=true ;;
      --gc) MODE=gc ;;
      --skip-doctor) SKIP_DOCTOR=true ;;
      -h | --help)
        usage
        exit 0
        ;;
      *) wrong_usage "unknown argument $1" ;;
    esac
    shift
  done
  export KEEP_DATA SKIP_DOCTOR
}

clean_up() { [[ -z $WORK ]] || rm -rf "$WORK"; }

require_installation() {
  [[ -f $ROOT/.env ]] || fail "$EXIT_CONFIG" 'There is no installation here.' "$ROOT/.env does not exist." 'scripts/install.sh'
  in_git || fail "$EXIT_CONFIG" 'This folder is not a git clone.' "Releases are fetched and switched by git." \
    "Make it one without touching your settings:
cd $ROOT && git init && git remote add origin <address of the repository> && git fetch --tags origin && git reset v$(env_value BASTIDE_VERSION)"
}

main "$@"
