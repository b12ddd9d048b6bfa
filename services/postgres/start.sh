#!/bin/bash
# start.sh postgres [FLAGS…]: PostgreSQL, with every role made right before it takes its first connection. So a changed
# secret, or data restored from a backup with older passwords, needs a restart and no more.
set -euo pipefail

main() {
  export PGDATA=${PGDATA:-/var/lib/postgresql/data} POSTGRES_PASSWORD_FILE=/run/secrets/postgres_password
  if [[ ${1:-} == postgres ]]; then
    chmod 700 "$PGDATA"
    [[ -s $PGDATA/PG_VERSION ]] || initialise
    # A cluster that is being restored plays back its log in the real server first; the next start sees to its roles.
    if [[ ! -f $PGDATA/recovery.signal && ! -f $PGDATA/standby.signal ]]; then ensure_roles "$@"; fi
  fi
  exec docker-entrypoint.sh "$@"
}

# Made aside and moved, PG_VERSION last: a first start that was killed midway must not pass for a finished one.
initialise() {
  local new=$PGDATA/.new
  # A cluster that lost its PG_VERSION (a broken disk, a half copied folder) is somebody's data, not a first start.
  if [[ ! -d $new && -n $(find "$PGDATA" -mindepth 1 -maxdepth 1 -not -name lost+found -print -quit) ]]; then
    echo "WHAT  PostgreSQL was not started: $PGDATA has files and no PG_VERSION." >&2
    echo 'WHY   Making a new cluster there would delete them.' >&2
    echo 'FIX   Put the file back, or restore a backup into an emptied volume (docs/backup.md).' >&2
    exit 78
  fi
  # Its mark last, should this be killed as well.
  find "$PGDATA" -mindepth 1 -maxdepth 1 -not -name .new -not -name lost+found -exec rm -rf {} +
  rm -rf "$new"
  initdb --pgdata="$new" --username=postgres --pwfile="$POSTGRES_PASSWORD_FILE" --encoding=UTF8 --locale=C.UTF-8 \
    --auth-local=trust --auth-host=scram-sha-256 --data-checksums >/dev/null
  printf 'host all all all scram-sha-256\nhost replication backup all scram-sha-256\n' >>"$new/pg_hba.conf"
  find "$new" -mindepth 1 -maxdepth 1 -not -name PG_VERSION -exec mv -t "$PGDATA" {} +
  mv "$new/PG_VERSION" "$PGDATA"
  rmdir "$new"
  echo 'The data folder is made.'
}

# On a socket of its own, so that nothing takes this for the real server. The flags are the same, or log segments that
# are finished meanwhile would be left out of the archive.
ensure_roles() {
  local flags
  printf -v flags '%q ' "${@:2}" -c "listen_addresses=" -c unix_socket_directories=/tmp
  # Left by a kill; its number may belong to another process of this container by now.
  rm -f "$PGDATA/postmaster.pid"
  pg_ctl --pgdata="$PGDATA" --options="$flags" --wait --timeout=300 --silent start >/tmp/first.log 2>&1 || {
    cat /tmp/first.log >&2
    exit 1
  }
  trap 'pg_ctl --pgdata="$PGDATA" --mode=fast --wait --silent stop' EXIT
  ensure-roles.sh /tmp
  pg_ctl --pgdata="$PGDATA" --mode=fast --wait --silent stop
  trap - EXIT
}

main "$@"
