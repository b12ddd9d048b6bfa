# shellcheck shell=bash
# The processes of one quick start. Sourced after common.sh and servers.sh; needs $RUN, a folder of its own.

declare -A STACK_PID=()
declare -a STACK_ORDER=()

# run_process NAME COMMAND…: in the background, its output added to $RUN/logs/NAME.log.
run_process() {
  local name=$1
  shift
  detached "$@" >>"$RUN/logs/$name.log" 2>&1 9>&- &
  [[ -v STACK_PID[$name] ]] || STACK_ORDER+=("$name")
  STACK_PID[$name]=$!
}

# The name of a process that has ended, if any.
dead_process() {
  local name
  for name in "${STACK_ORDER[@]}"; do
    kill -0 "${STACK_PID[$name]}" 2>/dev/null || {
      echo "$name"
      return 0
    }
  done
}

show_log() {
  printf '  the end of %s.log:\n' "$1" >&2
  tail -15 "$RUN/logs/$1.log" | cut -c1-400 | sed 's/^/    /' >&2
}

# wait_for NAME URL: until it answers 2xx; stops the start with the process's log when it has died or takes too long.
wait_for() {
  local name=$1 url=$2 tries dead
  for ((tries = 0; tries < 600; tries++)); do
    if curl -fsS -o /dev/null --max-time 2 "$url" 2>/dev/null; then return 0; fi
    dead=$(dead_process)
    if [[ -n $dead ]]; then
      show_log "$dead"
      die "$dead stopped while the stack was starting"
    fi
    sleep 0.1
  done
  show_log "$name"
  die "$name did not become ready within a minute"
}

# In the reverse order of their start, each asked first.
stop_processes() {
  local i
  for ((i = ${#STACK_ORDER[@]} - 1; i >= 0; i--)); do stop_process "${STACK_PID[${STACK_ORDER[$i]}]}"; done
  STACK_ORDER=()
  STACK_PID=()
}
