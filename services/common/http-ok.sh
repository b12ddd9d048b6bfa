#!/bin/sh
# http-ok PORT [PATH] [SECONDS]: succeeds when this container answers 2xx there. For healthchecks: starts no runtime of its
# own (a second Node would cost 50 MB beside the one it asks), and uses whatever the image has.
set -eu

port=${1:?http-ok PORT [PATH] [SECONDS]} path=${2:-/healthz} patience=${3:-4}

if command -v curl >/dev/null 2>&1; then
  exec curl -fsS -o /dev/null --max-time "$patience" "http://127.0.0.1:$port$path"
fi
if command -v bash >/dev/null 2>&1; then
  # shellcheck disable=SC2016 # for the inner shell
  exec timeout "$patience" bash -c '
    exec 3<>"/dev/tcp/127.0.0.1/$1"
    printf "GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n" "$2" >&3
    read -r _ status _ <&3
    [[ $status == 2?? ]] || { echo "$2 answered $status" >&2; exit 1; }
  ' http-ok "$port" "$path"
fi
exec wget -q -O /dev/null -T "$patience" "http://127.0.0.1:$port$path"
