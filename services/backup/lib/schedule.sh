# shellcheck shell=bash
# The loop of the container. A missed time is caught up with, a failed run is tried again, a kill loses nothing but the run.

readonly HEARTBEAT=$SCRATCH/heartbeat

command_schedule() {
  mkdir -p "$SCRATCH" "$STATE"
  RUN_PID=''
  trap 'stop_schedule' TERM INT
  metric backup_running '' 0
  [[ -e $STATE/metrics/backup_last_run_ok@ ]] || metric backup_last_run_ok '' 1
  metric backup_offsite_enabled '' "$(has_offsite && echo 1 || echo 0)"
  publish_metrics
  log "schedule: ${BACKUP_SCHEDULE:-03:15} (${TZ:-UTC})"
  # A new start need not wait for the pause after a failure, but a container that is killed again and again must not hammer.
  ALLOWED_AT=$(($(recall last-attempt 0) + 120))
  while true; do
    touch "$HEARTBEAT"
    tick
    sleep "${BACKUP_TICK_SECONDS:-15}" &
    wait $! || true
  done
}

tick() {
  local now
  now=$(date +%s)
  if [[ -n $RUN_PID ]]; then
    kill -0 "$RUN_PID" 2>/dev/null && return 0
    wait "$RUN_PID" || log "the backup failed; next try in ${BACKUP_RETRY_SECONDS:-900} s"
    RUN_PID=''
    ALLOWED_AT=$((now + ${BACKUP_RETRY_SECONDS:-900}))
  fi
  ((now >= ALLOWED_AT)) || return 0
  is_due "$now" || return 0
  backup run --reason schedule >/dev/null &
  RUN_PID=$!
}

# Due when the last scheduled time lies after the start of the last good backup. Without any backup: at once.
is_due() {
  local slot
  slot=$(last_slot "$1")
  [[ -n $slot ]] && (($(recall last-success 0) < slot))
}

# The latest scheduled time that is not in the future, as Unix seconds.
last_slot() {
  local now=$1 time at latest='' schedule=${BACKUP_SCHEDULE:-03:15}
  case $schedule in
    off) return 0 ;;
    hourly) echo $((now - now % 3600)) && return 0 ;;
  esac
  for time in ${schedule//,/ }; do
    for at in "$(date -d "@$now" +%F) $time" "$(date -d "@$((now - 86400))" +%F) $time"; do
      at=$(date -d "$at" +%s 2>/dev/null) || fail 20 "BACKUP_SCHEDULE is not understood: $schedule" 'It takes HH:MM, a comma list of them, hourly, or off.' 'Change it in .env, then: docker compose up -d backup'
      ((at <= now)) || continue
      [[ -n $latest ]] && ((at <= latest)) || latest=$at
    done
  done
  echo "$latest"
}

stop_schedule() {
  [[ -z $RUN_PID ]] || kill -TERM "$RUN_PID" 2>/dev/null || true
  [[ -z $RUN_PID ]] || wait "$RUN_PID" || true
  exit 0
}

command_health() {
  local beat
  beat=$(stat -c %Y "$HEARTBEAT" 2>/dev/null || echo 0)
  (($(date +%s) - beat < 120)) || fail 1 'The scheduler does not beat' "Last sign of life at $beat." 'docker compose restart backup'
}
