#!/bin/sh
# Healthy is: the default user can log in and is answered. The password is in the environment, not on the command line.
set -eu

for name in queue cache; do
  [ -s "/run/secrets/valkey_${name}_password" ] || continue
  REDISCLI_AUTH=$(cat "/run/secrets/valkey_${name}_password")
  export REDISCLI_AUTH
done
answer=$(valkey-cli -h 127.0.0.1 --no-auth-warning ping)
[ "$answer" = PONG ] || {
  echo "$answer" >&2
  exit 1
}
