#!/bin/sh
# Options alone, or the path of a configuration file, go to valkey-server. Upstream switches protected mode off as well.
set -e
case ${1:-} in
  -* | *.conf) set -- valkey-server "$@" ;;
esac
if [ "${1:-}" = valkey-server ]; then set -- "$@" --protected-mode no; fi
exec "$@"
