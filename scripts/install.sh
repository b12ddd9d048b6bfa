#!/usr/bin/env bash
# Installs Bastide on this server, or brings an installation to what .env says. Running it again is safe at any time.
set -Eeuo pipefail

# shellcheck source=scripts/lib/appliance/load.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/appliance/load.sh"
# shellcheck source=scripts/lib/appliance/edge.sh
source "$ROOT/scripts/lib/appliance/edge.sh"
# shellcheck source=scripts/lib/appliance/git.sh
source "$ROOT/scripts/lib/appliance/git.sh"
# shellcheck source=scripts/lib/appliance/release.sh
source "$ROOT/scripts/lib/appliance/release.sh"
# shellcheck source=scripts/install.d/00-arguments.sh
source "$ROOT/scripts/install.d/00-arguments.sh"
# shellcheck source=scripts/install.d/05-answers.sh
source "$ROOT/scripts/install.d/05-answers.sh"
# shellcheck source=scripts/install.d/06-sizes.sh
source "$ROOT/scripts/install.d/06-sizes.sh"
# shellcheck source=scripts/install.d/07-release-images.sh
source "$ROOT/scripts/install.d/07-release-images.sh"
# shellcheck source=scripts/install.d/10-preflight.sh
source "$ROOT/scripts/install.d/10-preflight.sh"
# shellcheck source=scripts/install.d/20-packages.sh
source "$ROOT/scripts/install.d/20-packages.sh"
# shellcheck source=scripts/install.d/30-configuration.sh
source "$ROOT/scripts/install.d/30-configuration.sh"
# shellcheck source=scripts/install.d/40-secrets.sh
source "$ROOT/scripts/install.d/40-secrets.sh"
# shellcheck source=scripts/install.d/50-certificates.sh
source "$ROOT/scripts/install.d/50-certificates.sh"
# shellcheck source=scripts/install.d/60-images.sh
source "$ROOT/scripts/install.d/60-images.sh"
# shellcheck source=scripts/install.d/70-start.sh
source "$ROOT/scripts/install.d/70-start.sh"
# shellcheck source=scripts/install.d/80-smoke.sh
source "$ROOT/scripts/install.d/80-smoke.sh"
# shellcheck source=scripts/install.d/90-end.sh
source "$ROOT/scripts/install.d/90-end.sh"

WORK=''
CHANGES=0

main() {
  parse_arguments "$@"
  catch_errors scripts/install.sh
  trap clean_up EXIT
  WORK=$(mktemp -d "${TMPDIR:-/tmp}/bastide-install.XXXXXX")
  if ! $DRY_RUN; then
    mkdir -p "$ROOT/.bastide/appliance"
    start_run_log install
    take_lock scripts/install.sh
  fi
  refuse_amid_upgrade
  gather_answers
  preflight
  packages
  configuration
  if $UNTIL_SECRETS; then secrets && certificates && return; fi
  secrets
  certificates
  images
  start
  smoke
  the_end
}

# A start now would migrate the data, and what the upgrade does next may be to bring back the data of before.
refuse_amid_upgrade() {
  [[ ! -f $ROOT/.bastide/upgrade/state ]] || fail "$EXIT_CONFIG" 'An upgrade is under way.' \
    "It was interrupted: $ROOT/.bastide/upgrade/state is there." 'scripts/upgrade.sh --resume finishes it or brings it back.'
}

clean_up() { [[ -z $WORK ]] || rm -rf "$WORK"; }

# changed TEXT: something is different from before this run, or would be.
changed() {
  CHANGES=$((CHANGES + 1))
  if $DRY_RUN; then tell "would: $*"; else tell "$*"; fi
}

main "$@"
