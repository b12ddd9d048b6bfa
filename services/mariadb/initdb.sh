# shellcheck shell=bash
# Sourced by the image while it sets up an empty volume (/docker-entrypoint-initdb.d/10-users.sh).
/etc/bastide/users.sh | docker_process_sql
rm -f /var/lib/mysql/.bastide-first-start
