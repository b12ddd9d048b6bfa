#!/bin/sh
# As upstream: /etc/nginx/templates/*.template through envsubst (only variables that exist), then /docker-entrypoint.d.
set -e
if [ "${1:-}" = nginx ]; then
  if [ -d /etc/nginx/templates ] && [ -w /etc/nginx/conf.d ]; then
    defined=$(env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/${\1}/p' | tr '\n' ' ')
    for template in /etc/nginx/templates/*.template; do
      [ -f "$template" ] || continue
      # shellcheck disable=SC2094 # two different files
      envsubst "$defined" <"$template" >"/etc/nginx/conf.d/$(basename "$template" .template)"
    done
  fi
  for script in /docker-entrypoint.d/*.sh; do
    [ -x "$script" ] && "$script"
  done
fi
exec "$@"
