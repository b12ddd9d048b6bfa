#!/usr/bin/env bash
# The realm on a real Keycloak, under the limits of docker-compose.yml: made, altered, killed in the middle, and used by
# people in a browser (scripts/test/stack/keycloak/). Exit 75: Keycloak's distribution cannot be had from here.
set -euo pipefail

# shellcheck source=scripts/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../lib/common.sh"
# shellcheck source=scripts/lib/servers.sh
source "$ROOT/scripts/lib/servers.sh"
# shellcheck source=scripts/lib/install.sh
source "$ROOT/scripts/lib/install.sh"
# shellcheck source=scripts/lib/docker.sh
source "$ROOT/scripts/lib/docker.sh"
# shellcheck source=scripts/lib/standins.sh
source "$ROOT/scripts/lib/standins.sh"

RUN=''
CONTAINER=bastide-keycloak-test-$$
IMAGE=bastide-keycloak-test
START_PATIENCE_S=600

main() {
  ensure_installed node mariadb redis chromium
  ensure_libraries
  RUN=$(mktemp -d "${TMPDIR:-/tmp}/bastide-keycloak.XXXXXX")
  chmod 711 "$RUN"
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  ensure_docker
  build_image
  local ports
  mapfile -t ports < <(free_ports 4)
  start_mariadb "$RUN/mariadb" "${ports[0]}" rootpw
  start_redis "$RUN/redis" "${ports[1]}"
  start_keycloak "${ports[0]}" "${ports[2]}" "${ports[3]}"
  export TEST_DATABASE_URL=mysql://root:rootpw@127.0.0.1:${ports[0]}/ TEST_REDIS_URL=redis://127.0.0.1:${ports[1]}
  export KEYCLOAK_URL=http://localhost:${ports[2]} KEYCLOAK_CONTAINER=$CONTAINER KEYCLOAK_SEES_THIS_HOST_AS=127.0.0.1
  export KEYCLOAK_ADMIN_CLIENT_SECRET=setup-secret
  cd "$ROOT/scripts/test/stack/keycloak"
  ava "$@"
}

clean_up() {
  local status=$?
  trap - EXIT INT TERM
  docker rm -f "$CONTAINER" >/dev/null 2>&1 || true
  [[ -n ${REDIS_PID:-} ]] && stop_process "$REDIS_PID"
  [[ -n ${MARIADB_PID:-} ]] && stop_process "$MARIADB_PID"
  stop_dockerd
  rm -rf "$RUN"
  exit "$status"
}

build_image() {
  log "Keycloak's image"
  mkdir -p "$RUN/images" "$STANDIN_CACHE"
  : >"$RUN/missing"
  optional keycloak "$STANDINS/keycloak/fetch.sh" "$STANDIN_CACHE/keycloak"
  if [[ -s $RUN/missing ]]; then
    cat "$RUN/missing" >&2
    exit "$UNAVAILABLE"
  fi
  docker buildx build --quiet --tag "$IMAGE" --build-arg KEYCLOAK_IMAGE=standin/keycloak:test \
    --file "$ROOT/services/keycloak/Dockerfile" "$ROOT" >/dev/null
}

# start_keycloak DATABASE_PORT PORT MANAGEMENT_PORT: on the host's network, so that it reaches the servers of this run;
# all else as in docker-compose.yml.
start_keycloak() {
  local from=$SECONDS
  log "Keycloak"
  MYSQL_PWD=rootpw mariadb --no-defaults -h 127.0.0.1 -P "$1" -u root -e \
    "create database keycloak character set utf8mb4; create user keycloak@'%' identified by 'db-secret';
     grant all on keycloak.* to keycloak@'%'"
  install -d -m 755 "$RUN/secrets"
  printf db-secret >"$RUN/secrets/keycloak_db_password"
  printf setup-secret >"$RUN/secrets/keycloak_admin_client_secret"
  chmod 444 "$RUN/secrets/"*
  docker run --detach --name "$CONTAINER" --network host --read-only --cap-drop ALL --security-opt no-new-privileges:true \
    --memory 832m --memory-swap 832m --pids-limit 300 --tmpfs /tmp:size=64m,mode=1777 \
    --tmpfs /opt/keycloak/data:size=64m,mode=0770,uid=1000,gid=0 --volume "$RUN/secrets:/run/secrets:ro" \
    --env KC_HOSTNAME="http://localhost:$2" --env KC_HOSTNAME_BACKCHANNEL_DYNAMIC=true --env KC_PROXY_HEADERS=xforwarded \
    --env KC_HTTP_ENABLED=true --env KC_HTTP_PORT="$2" --env KC_HTTP_MANAGEMENT_PORT="$3" \
    --env KC_DB_URL="jdbc:mariadb://127.0.0.1:$1/keycloak" --env KC_DB_USERNAME=keycloak --env KC_DB_POOL_MAX_SIZE=15 \
    --env KC_DB_PASSWORD_FILE=/run/secrets/keycloak_db_password --env KC_BOOTSTRAP_ADMIN_CLIENT_ID=bastide-setup \
    --env KC_BOOTSTRAP_ADMIN_CLIENT_SECRET_FILE=/run/secrets/keycloak_admin_client_secret \
    --env JAVA_OPTS_KC_HEAP='-Xms192m -Xmx448m -XX:MetaspaceSize=96M -XX:MaxMetaspaceSize=224m' \
    --env JAVA_OPTS_APPEND='-XX:-UseG1GC -XX:+UseSerialGC' "$IMAGE" >/dev/null
  until [[ $(docker inspect --format '{{.State.Health.Status}}' "$CONTAINER") == healthy ]]; do
    if ((SECONDS - from > START_PATIENCE_S)) || [[ $(docker inspect --format '{{.State.Running}}' "$CONTAINER") == false ]]; then
      docker logs --tail 20 "$CONTAINER" >&2
      die "Keycloak did not start; its log is above"
    fi
    sleep 1
  done
  note "ready in $((SECONDS - from)) s, at rest $(docker stats --no-stream --format '{{.MemUsage}}' "$CONTAINER")"
}

main "$@"
