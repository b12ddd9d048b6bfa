#!/usr/bin/env bash
# All checks and tests, on private servers of this run. See CONTRIBUTING.md.
set -euo pipefail

# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=scripts/lib/servers.sh
source "$ROOT/scripts/lib/servers.sh"
# shellcheck source=scripts/lib/install.sh
source "$ROOT/scripts/lib/install.sh"
# shellcheck source=scripts/lib/docker.sh
source "$ROOT/scripts/lib/docker.sh"
# shellcheck source=scripts/lib/standins.sh
source "$ROOT/scripts/lib/standins.sh"
# shellcheck source=scripts/lib/stack-test.sh
source "$ROOT/scripts/lib/stack-test.sh"

usage() {
  cat <<'TEXT'
Usage: scripts/test.sh [--fast | --servers | --stack [--only FILES] [--keep]]

  (no option)   every check and test that needs no Docker
  --fast        static checks only: no servers, no browser
  --servers     start the test servers, print what to export, run until Ctrl-C
  --stack       docker-compose.yml on a real Docker Engine, with stand-ins of the images; as root
                (an Engine is installed and started when there is none)
  --only FILES  some of its files: --only '*tour*'
  --keep        leave the stack up to look at it; prints how to remove it
TEXT
}

RUN=''

main() {
  local mode=${1:-all}
  case $mode in
    all | --fast | --servers) ;;
    --stack) stack_arguments "${@:2}" ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) wrong_usage "unknown option $mode" ;;
  esac
  local started=$SECONDS
  ensure_installed node shellcheck
  ensure_libraries
  RUN=$(mktemp -d "${TMPDIR:-/tmp}/bastide-test.XXXXXX")
  chmod 711 "$RUN"
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  cd "$ROOT"
  case $mode in
    --fast) static_checks ;;
    --servers) serve ;;
    --stack) stack_test ;;
    all)
      ensure_installed mariadb redis curl chromium git openssl promtool amtool
      ensure_dashboard
      start_servers
      log "Checks and tests, in two lanes"
      everything
      ;;
  esac
  log "Took $((SECONDS - started)) s"
  report
}

clean_up() {
  local status=$?
  trap - EXIT INT TERM
  stop_stack
  [[ -n ${LANE_PID:-} ]] && stop_process "$LANE_PID"
  [[ -n ${REDIS_PID:-} ]] && stop_process "$REDIS_PID"
  [[ -n ${MARIADB_PID:-} ]] && stop_process "$MARIADB_PID"
  remove_folder "$RUN"
  exit "$status"
}

start_servers() {
  local ports
  mapfile -t ports < <(free_ports 2)
  start_mariadb "$RUN/mariadb" "${ports[0]}" rootpw
  start_redis "$RUN/redis" "${ports[1]}"
  # The tests start our processes hundreds of times.
  export NODE_COMPILE_CACHE=$RUN/compiled
  export TEST_DATABASE_URL=mysql://root:rootpw@127.0.0.1:${ports[0]}/ TEST_REDIS_URL=redis://127.0.0.1:${ports[1]}
}

serve() {
  ensure_installed mariadb redis
  start_servers
  printf 'export TEST_DATABASE_URL=%s\nexport TEST_REDIS_URL=%s\n' "$TEST_DATABASE_URL" "$TEST_REDIS_URL"
  while true; do
    sleep 60 &
    wait $! || true
  done
}

# Each check and suite leaves a line `passed failed name`: the lanes are processes of their own.
record() { printf '%s %s %s\n' "$1" "$2" "$3" >>"$RUN/results"; }

# check NAME COMMAND…: its output is shown only when it fails.
check() {
  local name=$1 from=$SECONDS out
  out=$(mktemp "$RUN/check.XXXXXX")
  shift
  if "$@" >"$out" 2>&1; then
    record 1 0 "$name"
    printf '  ✔ %-34s %3s s\n' "$name" "$((SECONDS - from))"
  else
    record 0 1 "$name"
    printf '  ✖ %s\n' "$name"
    tail -200 "$out" | sed 's/^/    /'
  fi
}

# suite NAME FOLDER [COMMAND…]: ava's tests there, counted; what they measured is shown, and all of it when one fails.
# A command ends with ava's summary. What failed is tried once more, alone: some tests need real time, which a machine that
# runs two lanes does not always give them. A second failure stands, and a pass at the second try is told.
suite() {
  local name=$1 folder=$2 from=$SECONDS out passed failed
  local command=("${@:3}")
  if ((${#command[@]} == 0)); then command=(ava); fi
  out=$(mktemp "$RUN/suite.XXXXXX")
  if (cd "$folder" && "${command[@]}") >"$out" 2>&1; then
    passed=$(counted 'tests? passed' "$out")
    record "$passed" 0 "$name"
    printf '  ✔ %-34s %3s s, %s tests\n' "$name" "$((SECONDS - from))" "$passed"
    grep -F 'ℹ' "$out" || true
    return
  fi
  passed=$(grep -c '^  ✔ ' "$out" || true)
  failed=$(counted 'tests? failed' "$out")
  if ((failed == 0)); then failed=1; fi
  printf '  ✖ %s\n' "$name"
  tail -300 "$out"
  if passes_alone "$name" "$folder" "$out" "${command[@]}"; then
    record "$((passed + failed))" 0 "$name"
  else
    record "$passed" "$failed" "$name"
  fi
}

# More than this many files failing is no accident of the machine.
AGAIN_AT_MOST=4

passes_alone() {
  local name=$1 folder=$2 out=$3 again files
  local command=("${@:4}")
  again=$(mktemp "$RUN/again.XXXXXX")
  # Of ava itself the files that failed, one at a time; of a command that brings its own surroundings, the whole.
  if [[ ${command[0]} == ava ]]; then
    mapfile -t files < <(failed_files "$folder" "$out")
    ((${#files[@]} > 0 && ${#files[@]} <= AGAIN_AT_MOST)) || return 1
    command=(ava --concurrency 1 "${files[@]}")
  fi
  note "$name: once more, alone: ${command[*]}"
  if (cd "$folder" && "${command[@]}") >"$again" 2>&1; then
    printf '  ↻ %s passed at the second try: %s\n' "$name" "${files[*]:-all of it}"
    printf '%s: %s\n' "$name" "${files[*]:-all of it}" >>"$RUN/second-tries"
    return 0
  fi
  tail -300 "$again"
  return 1
}

# failed_files FOLDER OUTPUT: ava names a test by its file's path without `.test.ts`, then its title, and a file that died
# by its path. A name that two files have stands for both.
failed_files() {
  local file name
  while read -r file; do
    name=$(basename "$file" .test.ts)
    if grep -E '✘|◌|pending in' "$2" | grep -qE "(^|[ ›])${name//./\\.}( ›|\.test\.ts)"; then echo "$file"; fi
  done < <(cd "$1" && find . -name '*.test.ts' -not -path '*/node_modules/*' -printf '%P\n' | sort)
}

counted() {
  local count
  count=$(grep -oE "[0-9]+ $1" "$2" | tail -1 | grep -oE '^[0-9]+' || true)
  echo "${count:-0}"
}

static_checks() {
  check 'shellcheck' shellcheck_all
  check 'prettier' prettier --check .
  check 'tsc' npm run --silent typecheck
  check 'eslint' eslint . --max-warnings 0
  check 'module boundaries' npm run --silent boundaries
  check 'knip' knip
  check 'generated files are up to date' generated_files_are_current
}

# Every shell script of the tree, known by its first line.
shellcheck_all() {
  local scripts
  mapfile -t scripts < <(git grep -lE --untracked '^#!/(usr/bin/env |bin/)(ba)?sh' -- ':!*.md' && git ls-files -co --exclude-standard 'scripts/**/*.sh' 'services/**/*.sh')
  printf '%s\n' "${scripts[@]}" | sort -u | xargs shellcheck -x
}

generated_files_are_current() {
  local before after
  before=$(fingerprint docs/reference grafana/dashboards services/dashboard/src/api/schema.d.ts)
  npm run --silent docs:generate
  after=$(fingerprint docs/reference grafana/dashboards services/dashboard/src/api/schema.d.ts)
  [[ $before == "$after" ]] || {
    echo 'docs/reference, grafana/dashboards or the types of the dashboard were out of date; they are written anew: commit them.'
    return 1
  }
}

# Two lanes for two cores: the orchestrator's tests take as long as all the rest.
everything() {
  {
    static_checks
    suite 'sandbox' services/sandbox
    suite 'bench-runner' services/bench-runner
    suite 'dashboard' services/dashboard
    suite 'scripts and configuration' .
  } >"$RUN/lane.log" 2>&1 &
  LANE_PID=$!
  suite 'orchestrator' services/orchestrator
  wait "$LANE_PID" || true
  cat "$RUN/lane.log"
  check 'quick start and tour' scripts/quickstart.sh --once
  check 'two quick starts side by side' two_quickstarts
  check 'the tree is as it was' tree_is_clean
}

two_quickstarts() {
  local first second status=0
  scripts/quickstart.sh --once >"$RUN/first.log" 2>&1 &
  first=$!
  scripts/quickstart.sh --once >"$RUN/second.log" 2>&1 &
  second=$!
  # Both are waited for, whatever the first does: nothing of them may run on beside what follows.
  wait "$first" || status=1
  wait "$second" || status=1
  ((status == 0)) || cat "$RUN/first.log" "$RUN/second.log"
  return "$status"
}

tree_is_clean() {
  local left
  left=$(git status --porcelain)
  [[ -z $left || -z ${CI:-} ]] || {
    echo "Tests left these behind:"
    echo "$left"
    return 1
  }
}

report() {
  local passed failed
  passed=$(awk '{ sum += $1 } END { print sum + 0 }' "$RUN/results")
  failed=$(awk '{ sum += $2 } END { print sum + 0 }' "$RUN/results")
  if ((failed > 0)); then printf '\nFailed: %s\n' "$(awk '$2 > 0 { $1 = $2 = ""; print }' "$RUN/results" | paste -sd ';')"; fi
  if [[ -s $RUN/second-tries ]]; then printf '\nPassed only at a second try, alone:\n%s\n' "$(sed 's/^/  /' "$RUN/second-tries")"; fi
  printf '\n%d passed, %d failed\n' "$passed" "$failed"
  ((failed == 0))
}

main "$@"
