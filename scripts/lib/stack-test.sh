# shellcheck shell=bash
# `scripts/test.sh --stack`: images, then the tests of scripts/test/stack, then nothing left. Sourced by scripts/test.sh,
# whose `suite`, `record` and $RUN it uses.

STACK_ONLY=''
STACK_KEEP=false
# One of our own for every run, so that only what this run made is removed; its number says whose it is.
STACK_PROJECT=bastide-test-$$

stack_arguments() {
  while (($# > 0)); do
    case $1 in
      --only)
        STACK_ONLY=${2:?--only needs a pattern}
        shift
        ;;
      --keep) STACK_KEEP=true ;;
      *) wrong_usage "unknown option $1" ;;
    esac
    shift
  done
}

# A machine for tests need not have room for years of customers: the stand-ins take a few GiB.
spare_the_disk_check() {
  local free
  free=$(df -BG --output=avail "$RUN" | tail -n 1 | tr -dc '0-9')
  ((free < 60)) || return 0
  note "only $free GiB free: the pre-flight's check of the disk is left out"
  export BASTIDE_SKIP_CHECKS=disk
}

stack_test() {
  is_root || die "the stack test needs root: it starts containers and installs as an operator would"
  ensure_installed git curl openssl ss
  ensure_docker
  remove_old_stacks
  refuse_beside_an_installation
  if [[ ${STACK_IMAGES:-} == real ]]; then
    log "Real images: no stand-ins"
  else
    build_standins
    if [[ -n $STANDINS_MISSING ]]; then while read -r line; do printf '  - skipped: %s\n' "$line"; done <<<"$STANDINS_MISSING"; fi
  fi
  log "The stack, as project $STACK_PROJECT"
  local ports
  mapfile -t ports < <(free_ports 2)
  export STACK_RUN=$RUN/stack
  export STACK_PROJECT STACK_HTTP_PORT=${ports[0]} STACK_HTTPS_PORT=${ports[1]} STACK_ONLY \
    STACK_MISSING=$STANDINS_MISSING STACK_LOGS=${STACK_LOGS:-} STACK_IMAGES=${STACK_IMAGES:-} STACK_DOMAIN=stack.test
  mkdir -p "$STACK_RUN"
  spare_the_disk_check
  STACK_STARTED=1
  if [[ -n $STACK_ONLY || ${STACK_IMAGES:-} == real ]]; then
    stack_suite "${STACK_ONLY:-[0-9]*.test.ts}"
    return
  fi
  # The story of the stack is waiting most of the time, so what needs no stack around it runs beside it.
  beside_the_stack >"$RUN/lane.log" 2>&1 &
  LANE_PID=$!
  stack_suite '[0-9]*.test.ts'
  wait "$LANE_PID" || true
  LANE_PID=''
  cat "$RUN/lane.log"
}

# What has stores, an edge or a realm of its own.
beside_the_stack() {
  suite 'compose, backup, scripts' scripts/test/stack ava '[a-z]*.test.ts'
  [[ $STANDINS_MISSING == *traefik:* ]] || suite 'the edge on a real Traefik' scripts/test/edge
  [[ $STANDINS_MISSING == *keycloak:* ]] || suite 'the realm on a real Keycloak' . scripts/test/stack/keycloak.sh
}

# stack_suite FILES: like `suite`, but shown as it goes: it takes as long as all the rest together.
stack_suite() {
  local out=$RUN/suite.stack passed failed status=0
  setpriv --pdeathsig TERM node scripts/test/stack/support/sampler.ts &
  SAMPLER_PID=$!
  # In the background, since bash hears a signal only between two commands, and while it waits.
  : >"$out"
  tail -n +1 -f --pid=$$ "$out" &
  TAIL_PID=$!
  (cd scripts/test/stack && exec setpriv --pdeathsig TERM ava "$1") >"$out" 2>&1 &
  SUITE_PID=$!
  wait "$SUITE_PID" || status=$?
  SUITE_PID=''
  sleep 1
  kill "$TAIL_PID" "$SAMPLER_PID" 2>/dev/null || true
  keep_logs
  # ava counts what passed only when nothing failed.
  passed=$(grep -c '^  ✔ ' "$out" || true)
  failed=$(counted 'tests? failed' "$out")
  if ((status != 0 && failed == 0)); then failed=1; fi
  record "$passed" "$failed" 'stack'
}

# The images would take the names of a living installation's.
refuse_beside_an_installation() {
  local others
  others=$(docker ps -a --filter label=com.docker.compose.service=orchestrator --format '{{.Label "com.docker.compose.project"}}'
    docker ps -a --filter label=com.docker.compose.service=gateway --format '{{.Label "com.docker.compose.project"}}')
  others=$(grep -v '^bastide-test-' <<<"$others" | sort -u | paste -sd ' ')
  [[ -z ${others// /} ]] || die "Bastide is installed on this machine (project $others); the stack test builds images under the same names"
}

# Stacks of runs that were killed before they could clean up; the first number in a name is the process that it belongs to.
remove_old_stacks() {
  local project owner
  while read -r project; do
    owner=$(grep -oE '[0-9]+' <<<"$project" | head -1)
    if [[ -z $owner ]] || kill -0 "$owner" 2>/dev/null; then continue; fi
    note "removing what $project left behind"
    remove_project "$project"
  done < <(stack_projects)
}

stack_projects() {
  { docker ps -a --format '{{.Label "com.docker.compose.project"}}' && docker volume ls --format '{{.Label "com.docker.compose.project"}}' &&
    docker network ls --format '{{.Label "com.docker.compose.project"}}'; } | grep -E '^bastide-(test|test-stores|upgrade)-[0-9]+(-[0-9]+)?$' | sort -u || true
}

# By label, so that it also works on half a stack and without its files.
remove_project() {
  local project=$1 filter=label=com.docker.compose.project=$1 ids
  mapfile -t ids < <(docker ps -aq --filter "$filter")
  ((${#ids[@]} == 0)) || docker rm -f -v "${ids[@]}" >/dev/null
  mapfile -t ids < <(docker network ls -q --filter "$filter")
  ((${#ids[@]} == 0)) || docker network rm "${ids[@]}" >/dev/null
  mapfile -t ids < <(docker volume ls -q --filter "$filter")
  ((${#ids[@]} == 0)) || docker volume rm -f "${ids[@]}" >/dev/null
}

# For CI, which takes them away with it.
keep_logs() {
  [[ -n ${STACK_LOGS:-} ]] || return 0
  mkdir -p "$STACK_LOGS"
  cp -r "$RUN/suite.stack" "$RUN/images" "$STACK_RUN"/memory.* "$STACK_RUN/bastide/logs" "$STACK_LOGS/" 2>/dev/null || true
  local name
  docker ps -a --filter "label=com.docker.compose.project=$STACK_PROJECT" --format '{{.Names}}' | while read -r name; do
    docker logs --tail 500 "$name" >"$STACK_LOGS/$name.log" 2>&1 || true
  done
}

# Called at every end of scripts/test.sh, also when it was told to stop in the middle.
stop_stack() {
  local pid
  for pid in "${SUITE_PID:-}" "${LANE_PID:-}" "${LANES[@]:-}" "${SAMPLER_PID:-}" "${TAIL_PID:-}"; do
    [[ -z $pid ]] || stop_tree "$pid"
  done
  if [[ -n ${STACK_STARTED:-} ]] && docker_answers; then
    if $STACK_KEEP; then keep_stack && return 0; fi
    note "removing the stack"
    remove_project "$STACK_PROJECT" || true
    remove_old_stacks || true
  fi
  stop_dockerd
}

# stop_tree PID: it and what it started, the leaves first.
stop_tree() {
  local child
  # shellcheck disable=SC2013 # words of one line
  for child in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do stop_tree "$child"; done
  stop_process "$1"
}

keep_stack() {
  cat <<TEXT

  The stack $STACK_PROJECT stays up.

    cd $RUN/stack/bastide && docker compose ps
    https://app.$STACK_DOMAIN:$STACK_HTTPS_PORT   (names: curl --resolve, or a line in /etc/hosts)

  To remove it: docker compose --project-name $STACK_PROJECT down --volumes; rm -rf $RUN
TEXT
  # Its containers have files of this folder mounted.
  RUN=$(mktemp -d "${TMPDIR:-/tmp}/bastide-kept.XXXXXX")
}
