# shellcheck shell=bash
# Databases, jobs, backups: asked inside their containers, so that no password leaves them.

# inside SERVICE COMMAND…: in its running container, at most ten seconds.
inside() {
  local service=$1
  shift
  timeout 10 docker exec "$(container_of "$service")" "$@" 2>/dev/null
}

database_query() {
  # shellcheck disable=SC2016 # the container's shell expands them
  inside mariadb sh -c 'MYSQL_PWD=$(cat /run/secrets/database_password) mariadb --no-defaults -h 127.0.0.1 -u bastide -N -B bastide -e "$1"' _ "$1"
}

check_database() {
  if [[ $(database_query 'select 1') == 1 ]]; then fine 'MariaDB answers'; else
    bad 'MariaDB does not answer to our own user.' 'Nothing works without it.' "docker compose logs --tail 50 mariadb
After a change of secrets/database_password by hand: scripts/rotate-secret.sh database_password"
  fi
  local id
  id=$(container_of postgres)
  [[ -n $id ]] || return 0
  if inside postgres pg_isready -q -h 127.0.0.1; then fine 'PostgreSQL answers'; else
    bad 'PostgreSQL does not answer.' 'Lago cannot bill.' 'docker compose logs --tail 50 postgres'
  fi
}

check_migrations() {
  local applied known missing
  applied=$(database_query 'select name from migrations' | sort) || true
  known=$(inside api sh -c 'ls migrations' | grep '\.ts$' | sort) || true
  if [[ -z $known || -z $applied ]]; then
    warn 'It could not be seen whether the database is up to date.' 'The api or the database does not answer.' 'Mend those first.'
    return 0
  fi
  missing=$(comm -13 <(echo "$applied") <(echo "$known"))
  if [[ -z $missing ]]; then fine "all $(wc -l <<<"$known") migrations are applied"; else
    bad "$(wc -l <<<"$missing") migrations are not applied: $(paste -sd ' ' <<<"$missing")" 'The programs expect tables that are not there.' 'scripts/install.sh'
  fi
}

check_queue() {
  local oldest failed
  oldest=$(database_query "select coalesce(timestampdiff(second, min(run_at), now(3)), 0) from outbox where state in ('pending','sent') and run_at <= now(3)") || oldest=''
  failed=$(database_query "select count(*) from outbox where state = 'failed' and ended_at > now() - interval 1 day") || failed=''
  if [[ ! $oldest =~ ^-?[0-9]+$ ]]; then
    warn 'The age of the queue could not be seen.' 'The database does not answer.' 'Mend that first.'
  elif ((oldest > 600)); then
    bad "The oldest job that is due has waited $oldest seconds." 'New sites, mails and webhooks wait as long.' 'docker compose logs --tail 100 worker; docker compose restart worker'
  else
    fine "the oldest due job has waited $((oldest > 0 ? oldest : 0)) s"
  fi
  if [[ $failed =~ ^[0-9]+$ ]] && ((failed > 0)); then
    warn "$failed jobs failed for good within a day." 'Each is something that a customer waits for.' "https://admin.$(env_value DOMAIN)$(env_value URL_PORT) lists them with their errors and can try them again."
  fi
}

check_backups() {
  local text last age
  [[ $(env_value BACKUP_SCHEDULE) != off ]] || { warn 'Backups are off (BACKUP_SCHEDULE=off).' 'A broken disk would end the business.' 'BACKUP_SCHEDULE=03:15 in .env, then scripts/install.sh' && return 0; }
  text=$(inside backup cat /var/lib/backup-metrics/backup.prom) || text=''
  last=$(newest "$text" backup_last_success_timestamp_seconds run)
  if [[ -z $last ]]; then
    warn 'No complete backup has been made yet.' 'A broken disk would end the business.' 'docker compose exec backup backup run'
  else
    age=$((($(date +%s) - last) / 3600))
    if ((age > 26)); then bad "The last complete backup is $age hours old." 'What was done since would be lost.' 'docker compose logs --tail 100 backup; docker compose exec backup backup run'; else
      fine "the last complete backup is $age hours old"
    fi
  fi
  [[ -n $(env_value BACKUP_OFFSITE_REPOSITORY) ]] || warn 'Backups are on this machine only.' 'A fire, a theft or a ransom takes both.' \
    'BACKUP_OFFSITE_REPOSITORY in .env; docs/backup.md'
}

# newest TEXT METRIC [PART]: the highest value of the series, as whole seconds.
newest() {
  awk -v name="$2" -v part="${3:-}" 'index($1, name) == 1 && (part == "" || index($1, "part=\"" part "\"")) { if ($2 > max) max = $2 } END { if (max) printf "%d", max }' <<<"$1"
}
