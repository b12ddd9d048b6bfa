# shellcheck shell=bash
# All of the appliance's library, for the scripts that operate an installation (install, upgrade, doctor, backup …).
# Functions only: sourcing it changes nothing. Callers have `set -Eeuo pipefail`, without -E the ERR trap misses functions.

# Containers read the files of a release as users of their own: what git writes here must not follow a stricter umask of the
# caller (a hardened server, a deployment key). Secrets, settings, logs and states get their modes by name.
umask 022

# A failure inside $(…) is a failure: bash drops -e there unless told.
shopt -s inherit_errexit

# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
# shellcheck source=scripts/lib/appliance/files.sh
source "$ROOT/scripts/lib/appliance/files.sh"
# shellcheck source=scripts/lib/appliance/runlog.sh
source "$ROOT/scripts/lib/appliance/runlog.sh"
# shellcheck source=scripts/lib/appliance/errors.sh
source "$ROOT/scripts/lib/appliance/errors.sh"
# shellcheck source=scripts/lib/appliance/lock.sh
source "$ROOT/scripts/lib/appliance/lock.sh"
# shellcheck source=scripts/lib/appliance/env.sh
source "$ROOT/scripts/lib/appliance/env.sh"
# shellcheck source=scripts/lib/appliance/secrets.sh
source "$ROOT/scripts/lib/appliance/secrets.sh"
# shellcheck source=scripts/lib/appliance/compose.sh
source "$ROOT/scripts/lib/appliance/compose.sh"
# shellcheck source=scripts/lib/appliance/health.sh
source "$ROOT/scripts/lib/appliance/health.sh"
# shellcheck source=scripts/lib/appliance/state.sh
source "$ROOT/scripts/lib/appliance/state.sh"
# shellcheck source=scripts/lib/appliance/findings.sh
source "$ROOT/scripts/lib/appliance/findings.sh"
# shellcheck source=scripts/lib/appliance/host.sh
source "$ROOT/scripts/lib/appliance/host.sh"
# shellcheck source=scripts/lib/appliance/network.sh
source "$ROOT/scripts/lib/appliance/network.sh"
# shellcheck source=scripts/lib/appliance/images.sh
source "$ROOT/scripts/lib/appliance/images.sh"
