#!/bin/bash
# Whether Keycloak is able to work, by its management port. The image has neither curl nor wget.
set -uo pipefail

exec 3<>"/dev/tcp/127.0.0.1/${KC_HTTP_MANAGEMENT_PORT:-9000}" || exit 1
printf 'GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
read -r -t 4 _ status _ <&3 || exit 1
[[ $status == 200 ]]
