#!/bin/bash
# Upstream's tests that deployments use; any other option fails, so that a typing error is seen.
set -eo pipefail
ask() { mariadb --defaults-extra-file=/var/lib/mysql/.my-healthcheck.cnf --defaults-group-suffix=-client --skip-column-names -e "$1"; }
[ $# -gt 0 ] || exit 1
for option in "$@"; do
  case $option in
    --connect) ask 'select 1' >/dev/null ;;
    --innodb_initialized)
      [ "$(ask "select 1 from information_schema.ENGINES where engine='innodb' and support in ('YES','DEFAULT','ENABLED')")" = 1 ]
      ;;
    *)
      echo "healthcheck.sh: unknown option $option" >&2
      exit 1
      ;;
  esac
done
