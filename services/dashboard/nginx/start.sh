#!/bin/sh
# Fills in what only the installation knows, into memory, and becomes nginx.
#   GATEWAY_ORIGIN  where the LLM gateway is (https://llm.example.com): the only other origin that the dashboard may call
#   BRAND_NAME      the name on error pages and the status page
set -eu

shared=/usr/share/bastide

main() {
  origin=${GATEWAY_ORIGIN:?GATEWAY_ORIGIN must be set, like https://llm.example.com}
  case $origin in
    http://* | https://*) ;;
    *) wrong ;;
  esac
  # Anything else could end the header and begin another.
  case ${origin#*://} in
    '' | *[!A-Za-z0-9.:-]*) wrong ;;
  esac
  sed "s|@GATEWAY_ORIGIN@|$origin|g" "$shared/nginx.conf.template" >/tmp/nginx.conf

  brand=$(printf '%s' "${BRAND_NAME:-Bastide}" | sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g; s/"/\&quot;/g; s/[\\|&]/\\&/g')
  rm -rf /tmp/pages
  cp -R "$shared/pages" /tmp/pages
  for page in /tmp/pages/_edge/*.html /tmp/pages/_status/*.html; do
    sed "s|%BRAND%|$brand|g" "$page" >"$page.new"
    mv "$page.new" "$page"
  done
  exec nginx -c /tmp/nginx.conf
}

wrong() {
  echo "GATEWAY_ORIGIN is \"$origin\": it must be an origin, like https://llm.example.com" >&2
  exit 78
}

main "$@"
