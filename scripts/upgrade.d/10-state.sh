# shellcheck shell=bash
# What is remembered of the upgrade that runs, so that a killed one can go on, by this release's script or by the other's:
# .bastide/upgrade/state, lines of `name=value`. Format 1; a later release may add names and must not change one.

readonly UPGRADE_DIR=$ROOT/.bastide/upgrade
readonly UPGRADE_STATE=$UPGRADE_DIR/state

get() { sed -n "s/^$1=//p" "$UPGRADE_STATE" 2>/dev/null | tail -n 1; }

# put NAME VALUE…
put() {
  local lines pairs='' names=''
  while (($# > 0)); do
    pairs+="$1=$2"$'\n'
    names+="${names:+|}$1"
    shift 2
  done
  lines=$(grep -vE "^($names)=" "$UPGRADE_STATE" 2>/dev/null || true)
  printf '%s\n%s' "$lines" "$pairs" | sed '/^$/d' | atomic_write "$UPGRADE_STATE" 600
}

is_unfinished() { [[ -f $UPGRADE_STATE ]]; }

# Everything of this upgrade: what was before, and the target's files.
upgrade_folder() { printf '%s/%s' "$UPGRADE_DIR" "$(get id)"; }

# The steps that lie before the first stopped service: a failure there has changed nothing.
readonly STEPS_BEFORE=(prechecks prefetch validate)
# shellcheck disable=SC2034 # for the steps
readonly STEPS_DOWN=(stop back_up switch)
# shellcheck disable=SC2034 # for the steps
readonly STEPS_AFTER=(stores migrate bootstrap sites up smoke commit)

is_before_downtime() { [[ " ${STEPS_BEFORE[*]} " == *" $1 "* ]]; }

# run_steps STEP…: from the remembered one on. Each may run twice. Its status is left in STEP_STATUS, and it stops there.
run_steps() {
  local name skipping
  skipping=$(get step)
  STEP_STATUS=0
  [[ " $* " == *" $skipping "* ]] || skipping=''
  for name in "$@"; do
    [[ -z $skipping || $name == "$skipping" ]] || continue
    skipping=''
    put step "$name"
    attempt "step_$name"
    ((STEP_STATUS == 0)) || return 0
  done
}

# attempt COMMAND…: in a subshell where every failure stops it, without stopping this script; the status is in STEP_STATUS.
# Not to be called in a condition: bash would then ignore failures inside.
attempt() {
  trap - ERR
  set +e
  (
    set -e
    trap 'unforeseen $? "$BASH_COMMAND"' ERR
    "$@"
  )
  STEP_STATUS=$?
  set -e
  trap 'unforeseen $? "$BASH_COMMAND"' ERR
  # Ctrl-C and its like: nothing is decided, --resume goes on.
  case $STEP_STATUS in 129 | 130 | 143) exit "$STEP_STATUS" ;; esac
}

# go_on: with whatever is unfinished, in this process.
go_on() {
  if ! is_unfinished; then
    [[ $MODE == resume ]] || fail "$EXIT_CONFIG" 'Nothing is to be continued.' 'No upgrade is under way.' 'scripts/upgrade.sh --help'
    tell 'No upgrade is under way.'
    return 0
  fi
  # A newer script may have written it.
  [[ $(get format) == 1 ]] || fail "$EXIT_CONFIG" 'The state of the upgrade is of another format.' "$UPGRADE_STATE has format $(get format)." \
    'Run the scripts/upgrade.sh of the other release.'
  case $(get phase) in
    forward) forward ;;
    rollback) roll_back_from_here ;;
  esac
}

finish() {
  local folder
  folder=$(upgrade_folder)
  forget_target
  rm -f "$UPGRADE_STATE"
  [[ ${1:-} == keep ]] || rm -rf "$folder"
}
