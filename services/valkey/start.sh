#!/bin/sh
# start.sh queue|cache: renders the configuration with its passwords into memory and becomes valkey-server.
# queue: BullMQ, the usage stream, Sidekiq and Frappe's RQ; nothing may be evicted or lost. cache: may forget anything.
# Users: default (the orchestrator and Lago, everything); on the queue also frappe, who sees only its own jobs.
set -eu

SECRETS=${SECRETS_DIR:-/run/secrets}
RUN=${VALKEY_RUN_DIR:-/run/valkey}

main() {
  role=${1:?start.sh queue|cache}
  umask 077
  case $role in
    queue) { common valkey_queue_password && queue; } >"$RUN/valkey.conf" ;;
    cache) { common valkey_cache_password && cache; } >"$RUN/valkey.conf" ;;
    *)
      echo "start.sh: what is a valkey for \"$role\"? queue or cache" >&2
      exit 64
      ;;
  esac
  exec valkey-server "$RUN/valkey.conf"
}

common() {
  cat <<CONF
bind * -::*
protected-mode yes
dir /data
daemonize no
maxmemory ${VALKEY_MAXMEMORY:?VALKEY_MAXMEMORY}
tcp-keepalive 60
# A slow script would hold up every queue.
slowlog-log-slower-than 20000
latency-monitor-threshold 100
enable-debug-command no
enable-module-command no
user default on #$(sha256 "$1") ~* &* +@all
CONF
}

queue() {
  cat <<CONF
maxmemory-policy noeviction
appendonly yes
appendfsync everysec
# A rewrite forks; the pages that change meanwhile are paid twice.
auto-aof-rewrite-min-size 32mb
save ""
CONF
  # What Frappe's own access list gives a bench (keys of RQ, nothing administrative), without what empties the server.
  if [ -s "$SECRETS/valkey_frappe_password" ]; then
    echo "user frappe on #$(sha256 valkey_frappe_password) ~rq:* &events &rq:* +@all -@admin -flushall -flushdb -swapdb -keys -function -shutdown"
  fi
}

cache() {
  cat <<CONF
maxmemory-policy allkeys-lru
appendonly no
save ""
CONF
}

# Passwords of users are given as their hash; a missing one stops the start.
sha256() {
  [ -s "$SECRETS/$1" ] || {
    echo "$SECRETS/$1 is missing or empty" >&2
    exit 78
  }
  tr -d '\n' <"$SECRETS/$1" | sha256sum | cut -d ' ' -f 1
}

main "$@"
