# shellcheck shell=bash
# For each recipe: before_ (the file still has the old value), after_ (it has the new one), last_ (everything uses it).
# Called by name from rotate.
# shellcheck disable=SC2317

is_up() { container_states | awk -F'\t' -v service="$1" '$1 == service && $2 == "running" { found = 1 } END { exit !found }'; }

must_be_up() {
  is_up "$1" || fail "$EXIT_START" "$1 is not running." 'It has to learn the new value.' "docker compose up -d $1, then this again"
}

# in_service SERVICE COMMAND…: standard input goes along.
in_service() { compose exec -T "$@"; }

told() { logged "$@" || fail "$EXIT_START" "A program did not take the new value." "$(log_tail 4)" 'Mend what the log names, then run the same command again: it goes on.'; }

before_mariadb() { must_be_up mariadb; }
# Its own script makes every user as the files say; root has to be shown by the old password.
after_mariadb() {
  local old=$ROTATING/$1.old
  [[ $1 == mariadb_root_password ]] || old=$SECRETS_DIR/mariadb_root_password
  # A run before may have come this far.
  # shellcheck disable=SC2016 # for the shell in the container
  in_service mariadb sh -c 'umask 077; cat >/run/mysqld/known; /etc/bastide/ensure-users.sh /run/mysqld/known || /etc/bastide/ensure-users.sh; code=$?; rm -f /run/mysqld/known; exit $code' \
    <"$old" >>"$RUN_LOG" 2>&1 || fail "$EXIT_START" 'MariaDB did not take the new password.' "$(log_tail 4)" 'docker compose logs mariadb; then run the same command again.'
}
last_mariadb() { :; }

before_postgres() { must_be_up postgres; }
after_postgres() { told in_service postgres ensure-roles.sh; }
last_postgres() { :; }

before_both() { before_mariadb && before_postgres; }
after_both() { after_mariadb "$1" && after_postgres "$1"; }
last_both() { :; }

# Its program takes it at its start.
before_owner() { :; }
after_owner() {
  local owner
  case $1 in
    valkey_cache_password) owner=valkey-cache ;;
    valkey_*) owner=valkey-queue ;;
    s3_root_password) owner=objectstore ;;
  esac
  must_be_up "$owner"
  told compose restart "$owner"
  wait_healthy "$EXIT_START" "$(health_timeout)" "$owner"
  # It rewrites the configuration of the bench.
  [[ $1 != valkey_frappe_password && $1 != valkey_cache_password ]] || again bench-configurator
}
last_owner() { :; }

before_bootstrap() { :; }
after_bootstrap() { again bootstrap; }
last_bootstrap() { :; }

before_restart() { :; }
after_restart() { :; }
last_restart() { :; }

before_given() { :; }
after_given() {
  case $1 in github_client_secret | google_client_secret | linkedin_client_secret | smtp_password) again bootstrap ;; esac
}
last_given() { :; }

# Told a value that its owner made.
before_refuse() { :; }
after_refuse() { :; }
last_refuse() { :; }

# Grafana reads the file only when it makes its database.
before_grafana() {
  must_be_up grafana
  in_service grafana grafana cli --homepath /usr/share/grafana admin reset-admin-password --password-from-stdin <"$ROTATING/$1" >>"$RUN_LOG" 2>&1 \
    || fail "$EXIT_START" 'Grafana did not take the new password.' "$(log_tail 4)" 'docker compose logs grafana; then run the same command again.'
}
after_grafana() { :; }
last_grafana() { :; }

# The client that sets up the realm changes its own secret, while it still can show the old one.
before_keycloak_admin() {
  must_be_up keycloak
  paste -d '\n' "$ROTATING/$1.old" "$ROTATING/$1" | compose run --rm -T --no-deps bootstrap \
    node --input-type=module -e "$(<"$ROOT/scripts/rotate.d/keycloak-admin-client.mjs")" >>"$RUN_LOG" 2>&1 \
    || fail "$EXIT_START" 'Keycloak did not take the new secret.' "$(log_tail 4)" 'docker compose logs keycloak; then run the same command again.'
}
after_keycloak_admin() { :; }
last_keycloak_admin() { :; }

# Both passwords open the repositories until all is done.
before_repository() {
  must_be_up backup
  in_service backup backup key add <"$ROTATING/$1" >>"$RUN_LOG" 2>&1 \
    || fail "$EXIT_BACKUP" 'The repository did not take a second password.' "$(log_tail 4)" 'docker compose logs backup; then run the same command again.'
}
after_repository() { :; }
last_repository() {
  told in_service backup backup key prune
  tell "Write down the new recovery password: $SECRETS_DIR/$1"
}

health_timeout() { echo "${BASTIDE_HEALTH_TIMEOUT:-600}"; }

# A one-shot of the stack, once more.
again() {
  compose config --services | grep -qx "$1" || return 0
  told compose --progress plain up --detach --no-build --no-deps --force-recreate "$1"
  wait_healthy "$EXIT_START" "$(health_timeout)" "$1"
}
