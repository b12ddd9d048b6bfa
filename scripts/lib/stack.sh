# shellcheck shell=bash
# The processes of one quick start. Sourced after common.sh and servers.sh; needs $RUN, a folder of its own.

declare -a STACK_PIDS=() STACK_NAMES=()

# run_process NAME COMMAND…: in the background, its output in $RUN/logs/NAME.log.
run_process() {
  local name=$1
  shift
  detached "$@" >"$RUN/logs/$name.log" 2>&1 9>&- &
  STACK_PIDS+=("$!")
  STACK_NAMES+=("$name")
}

# The name of a process that has ended, if any.
dead_process() {
  local i
  for i in "${!STACK_PIDS[@]}"; do
    kill -0 "${STACK_PIDS[$i]}" 2>/dev/null || {
      echo "${STACK_NAMES[$i]}"
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
  for ((tries = 0; tries < 300; tries++)); do
    if curl -fsS -o /dev/null --max-time 2 "$url" 2>/dev/null; then return 0; fi
    dead=$(dead_process)
    if [[ -n $dead ]]; then
      show_log "$dead"
      die "$dead stopped while the stack was starting"
    fi
    sleep 0.1
  done
  show_log "$name"
  die "$name did not become ready within 30 s"
}

# In the reverse order of their start, each asked first.
stop_processes() {
  local i
  for ((i = ${#STACK_PIDS[@]} - 1; i >= 0; i--)); do stop_process "${STACK_PIDS[$i]}"; done
  STACK_PIDS=()
  STACK_NAMES=()
}
