# shellcheck shell=bash
# Builds scripts/test/standins/ for the stack test. Sourced after common.sh, servers.sh, install.sh and docker.sh; needs $RUN.

readonly STANDINS=$ROOT/scripts/test/standins
# What is fetched once: Keycloak's distribution, npm, Traefik's binary.
readonly STANDIN_CACHE=$ROOT/.bastide/stack
# The npm that Node 24.21 brings.
readonly NPM_VERSION=11.21.2
# What a recipe that cannot be had here ends with.
readonly UNAVAILABLE=75

# The next two are for scripts/lib/stack-test.sh.
# shellcheck disable=SC2034
# Services that this machine could not get the real program for, `name: reason` a line; the tests skip what needs them.
STANDINS_MISSING=''
# Processes that build at this moment.
LANES=()

# build_standins: all images of compose.standins.yml, in three lanes for two cores.
build_standins() {
  local from=$SECONDS lane
  local -A lanes=()
  log "Building the stand-ins"
  mkdir -p "$STANDIN_CACHE" "$RUN/images"
  : >"$RUN/missing"
  mkdir -p "$RUN/context/base"
  cp /etc/ssl/certs/ca-certificates.crt "$RUN/context/base/ca.crt"
  standin base "$RUN/context/base" || die "the base of the stand-ins could not be built; see above"
  for lane in node_lane servers_lane programs_lane; do
    "$lane" &
    lanes[$lane]=$!
  done
  # shellcheck disable=SC2034
  LANES=("${lanes[@]}")
  for lane in "${!lanes[@]}"; do wait "${lanes[$lane]}" || die "a stand-in could not be built; its log is above"; done
  # shellcheck disable=SC2034
  LANES=()
  # shellcheck disable=SC2034
  STANDINS_MISSING=$(<"$RUN/missing")
  note "built in $((SECONDS - from)) s"
}

node_lane() {
  node_context "$RUN/context/node" && standin node "$RUN/context/node" && standin sandbox "$ROOT" || return 1
  local name
  for name in lago frappe outside alloy loki grafana; do standin "$name" "$STANDINS/$name" || return 1; done
}

servers_lane() {
  local name
  for name in mariadb postgres valkey nginx prometheus alertmanager socket-proxy; do standin "$name" "$STANDINS/$name" || return 1; done
}

# What is not in Debian: from the vendors' own sources, where they can be had.
programs_lane() {
  optional keycloak "$STANDINS/keycloak/fetch.sh" "$STANDIN_CACHE/keycloak" || return 1
  optional objectstore "$STANDINS/objectstore/build.sh" "$STANDIN_CACHE/objectstore" || return 1
  optional traefik "$STANDINS/traefik/build.sh" "$ROOT/.bastide/traefik"
}

# standin NAME CONTEXT: the image standin/NAME:test.
standin() {
  local name=$1 context=$2 from=$SECONDS
  if docker buildx build --progress plain --network host --tag "standin/$name:test" --label bastide.standin="$name" \
    --file "$STANDINS/$name/Dockerfile" "$context" >"$RUN/images/$name.log" 2>&1; then
    printf '  ✔ %-34s %3s s\n' "standin/$name" "$((SECONDS - from))"
  else
    printf '✖ standin/%s\n' "$name" >&2
    tail -40 "$RUN/images/$name.log" >&2
    return 1
  fi
}

# optional NAME RECIPE FOLDER: the recipe fills the folder, which is the context; when it cannot, that is noted, not fatal.
optional() {
  local name=$1 recipe=$2 folder=$3 status=0
  mkdir -p "$folder"
  with_go "$recipe" "$folder" >"$RUN/images/$name.recipe.log" 2>&1 || status=$?
  if ((status == 0)); then
    standin "$name" "$folder"
  elif ((status == UNAVAILABLE)); then
    printf '%s: %s\n' "$name" "$(tail -1 "$RUN/images/$name.recipe.log")" >>"$RUN/missing"
    printf '  - %-34s cannot be had here\n' "standin/$name"
  else
    printf '✖ the recipe of %s\n' "$name" >&2
    tail -40 "$RUN/images/$name.recipe.log" >&2
    return 1
  fi
}

# with_go RECIPE FOLDER: on this machine's Go, or on that of Debian 13, which fetches the toolchain that a module asks for.
with_go() {
  if have go || [[ $1 != */build.sh ]]; then
    "$@"
  else
    docker run --rm --network host --volume "$STANDINS:$STANDINS:ro" --volume "$2:$2" \
      --env SSL_CERT_FILE=/usr/local/share/standin/ca.crt --env GOTOOLCHAIN=auto standin/base:test \
      bash -ec 'apt-get install -y -qq golang-go >/dev/null && exec "$0" "$1"' "$1" "$2"
  fi
}

node_context() {
  local context=$1
  mkdir -p "$context"
  cp "$ROOT/node_modules/node/bin/node" "$STANDINS/node/docker-entrypoint.sh" "$context/"
  local archive=$STANDIN_CACHE/npm-$NPM_VERSION.tgz
  [[ -f $archive ]] || npm pack --silent --pack-destination "$STANDIN_CACHE" "npm@$NPM_VERSION" >/dev/null || return 1
  tar -xzf "$archive" -C "$context"
}
