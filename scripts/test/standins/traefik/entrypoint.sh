#!/bin/sh
# As in the vendor's image: flags and sub-commands are Traefik's, anything else is a program of the image.
set -e
case ${1-} in
  -* | healthcheck | version) set -- traefik "$@" ;;
esac
exec "$@"
