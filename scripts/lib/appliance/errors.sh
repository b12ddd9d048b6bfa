# shellcheck shell=bash
# Every failure says WHAT happened, WHY, how to FIX it, where the LOG is, and ends with the CODE of its kind.

# shellcheck disable=SC2034 # for whoever sources this
{
  readonly EXIT_PREFLIGHT_FAILED=10 EXIT_CONFIG=20 EXIT_IMAGES=30 EXIT_START=40 EXIT_MIGRATION=50
  readonly EXIT_BACKUP=60 EXIT_RESTORE=70 EXIT_ROLLED_BACK=80 EXIT_ROLLBACK_FAILED=81
}

# What is being done, for a failure that nobody foresaw.
STEP='starting'
STEP_CODE=1

# step CODE TEXT…: from here on, an unforeseen failure ends with CODE.
step() {
  STEP_CODE=$1
  shift
  STEP=$*
  say "$STEP"
}

# fail CODE WHAT WHY FIX: lines after the first of each are indented under it.
fail() {
  trap - ERR
  failure "$@" >&2
  exit "$1"
}

# failure CODE WHAT WHY FIX: prints it without leaving.
failure() {
  local log=$RUN_LOG
  [[ $log != /dev/null ]] || log='none was kept for this run'
  to_log "✖ $2 (code $1): $3"
  printf '\n✖ WHAT  %s\n  WHY   %s\n  FIX   %s\n  LOG   %s\n  CODE  %s\n' \
    "$(hang "$2")" "$(hang "$3")" "$(hang "$4")" "$log" "$1"
}

hang() { sed '2,$s/^/        /' <<<"$1"; }

# catch_errors SCRIPT: an unforeseen failure is told in the same form; where it happened goes to the log only.
catch_errors() {
  SCRIPT=$1
  trap 'unforeseen $? "$BASH_COMMAND"' ERR
  trap 'interrupted 130' INT
  trap 'interrupted 143' TERM
  trap 'interrupted 129' HUP
}

unforeseen() {
  local status=$1 command=$2 frame trace=''
  trap - ERR
  # In a subshell the parent sees the status and tells it once.
  ((BASH_SUBSHELL == 0)) || exit "$status"
  # `fail` in a subshell has told it already.
  case $status in 10 | 20 | 30 | 40 | 50 | 60 | 70 | 80 | 81) exit "$status" ;; esac
  for ((frame = 1; frame < ${#FUNCNAME[@]}; frame++)); do
    trace+=" ${FUNCNAME[$frame]} (${BASH_SOURCE[$frame]#"$ROOT/"}:${BASH_LINENO[$((frame - 1))]})"
  done
  to_log "✖ status $status of: $command; in:$trace"
  local which='the log names it.'
  [[ $RUN_LOG != /dev/null ]] || which="in$trace."
  failure "$STEP_CODE" "$SCRIPT stopped while: $STEP" \
    "A command that was expected to work ended with status $status; $which" \
    "Read the end of the log, then run $SCRIPT again: it goes on where it stopped." >&2
  exit "$STEP_CODE"
}

interrupted() {
  trap - ERR INT TERM HUP
  to_log "interrupted while: $STEP"
  printf '\n✖ Interrupted while: %s\n  Run %s again: it goes on where it stopped.\n' "$STEP" "$SCRIPT" >&2
  exit "$1"
}
