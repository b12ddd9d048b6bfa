# shellcheck shell=bash
# Private MariaDB and Redis/Valkey servers for one run: own data folder, own free ports, nothing shared with what else
# runs on the machine. Sourced after common.sh.

# Prints N free TCP ports, one a line, which differ from all that other runs on this machine are given meanwhile.
free_ports() { node "$ROOT/scripts/lib/free-ports.ts" "$1"; }

# mariadbd lives in sbin, which is not on everybody's PATH.
mariadbd_path() { command -v mariadbd || { [[ -x /usr/sbin/mariadbd ]] && echo /usr/sbin/mariadbd; }; }
redis_path() { command -v valkey-server || command -v redis-server; }

# start_mariadb DIR PORT ROOT_PASSWORD: starts it in the background and sets MARIADB_PID.
start_mariadb() {
  local dir=$1 port=$2 password=$3
  local as=() run=(detached)
  # Every MariaDB that starts removes the temporary tables it finds in its folder for them: with the shared /tmp those of
  # another server at work.
  mkdir -p "$dir/data" "$dir/tmp"
  if is_root; then
    as=(--user=mysql)
    run=(detached_as mysql)
    chown -R mysql "$dir"
    chmod 711 "$(dirname "$dir")"
  fi
  mariadb-install-db --no-defaults "${as[@]}" --datadir="$dir/data" --tmpdir="$dir/tmp" --auth-root-authentication-method=normal \
    --skip-test-db --skip-name-resolve >"$dir/install.log" 2>&1 || {
    head -20 "$dir/install.log" >&2
    die "MariaDB could not make its data folder $dir"
  }
  install -m 600 /dev/null "$dir/init.sql"
  cat >"$dir/init.sql" <<SQL
create or replace user 'root'@'localhost' identified by '$password';
create or replace user 'root'@'127.0.0.1' identified by '$password';
create or replace user 'root'@'%' identified by '$password';
grant all privileges on *.* to 'root'@'localhost' with grant option;
grant all privileges on *.* to 'root'@'127.0.0.1' with grant option;
grant all privileges on *.* to 'root'@'%' with grant option;
SQL
  if is_root; then chown mysql "$dir/init.sql"; fi
  "${run[@]}" "$(mariadbd_path)" --no-defaults --datadir="$dir/data" --tmpdir="$dir/tmp" --socket="$dir/s.sock" --pid-file="$dir/pid" \
    --bind-address=127.0.0.1 --port="$port" --skip-name-resolve --init-file="$dir/init.sql" \
    --character-set-server=utf8mb4 --collation-server=utf8mb4_unicode_ci --innodb-buffer-pool-size=256M \
    --innodb-flush-log-at-trx-commit=2 --max-connections=600 --max-allowed-packet=64M >"$dir/mariadb.log" 2>&1 &
  # shellcheck disable=SC2034 # read by whoever sourced this
  MARIADB_PID=$!
  local tries
  for ((tries = 0; tries < 150; tries++)); do
    if MYSQL_PWD=$password mariadb --no-defaults -h 127.0.0.1 -P "$port" -u root -e "select 1" >/dev/null 2>&1; then return 0; fi
    kill -0 "$MARIADB_PID" 2>/dev/null || break
    sleep 0.1
  done
  tail -5 "$dir/mariadb.log" >&2
  die "MariaDB did not start; its log is above"
}

# start_redis DIR PORT: starts it in the background and sets REDIS_PID.
start_redis() {
  local dir=$1 port=$2
  mkdir -p "$dir"
  detached "$(redis_path)" --bind 127.0.0.1 --port "$port" --dir "$dir" --save '' --appendonly yes --maxmemory-policy noeviction \
    --daemonize no >"$dir/redis.log" 2>&1 &
  # shellcheck disable=SC2034 # read by whoever sourced this
  REDIS_PID=$!
  local tries
  for ((tries = 0; tries < 100; tries++)); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then return 0; fi
    sleep 0.05
  done
  tail -5 "$dir/redis.log" >&2
  die "Redis did not start; its log is above"
}

# A process that was told to stop may still write a last file while its folder goes. What cannot be removed is told, and
# is no reason to fail: whoever made a folder in /tmp has done the work by now.
remove_folder() {
  local tries
  for ((tries = 0; tries < 20; tries++)); do
    if rm -rf "$1" 2>/dev/null; then return 0; fi
    sleep 0.2
  done
  rm -rf "$1" || true
}

# stop_process PID: asks, waits ten seconds, then insists.
stop_process() {
  local pid=$1 tries
  kill "$pid" 2>/dev/null || return 0
  for ((tries = 0; tries < 100; tries++)); do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -9 "$pid" 2>/dev/null || true
}
