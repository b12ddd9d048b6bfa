#!/bin/bash
# Prints the SQL that makes every user and database right, one statement a line (so --init-file takes it). Saying it again
# changes nothing. Passwords come from files in /run/secrets; a user whose file is missing or empty is left out.
set -euo pipefail

SECRETS=${SECRETS_DIR:-/run/secrets}

main() {
  # Said at every start: the binary log has no use for it.
  echo 'SET SESSION sql_log_bin = 0;'
  root
  database bastide database_password
  database keycloak keycloak_db_password
  postal
  bench_admin
  backup
  monitoring
  echo 'FLUSH PRIVILEGES;'
}

# Only within the container: over the network there is no root.
root() {
  local password
  password=$(secret mariadb_root_password) || {
    echo "$SECRETS/mariadb_root_password is missing or empty" >&2
    exit 78
  }
  user "'root'@'localhost'" "$password"
  echo "GRANT ALL PRIVILEGES ON *.* TO 'root'@'localhost' WITH GRANT OPTION;"
  # The image's set-up leaves some of these, without a password.
  echo "DROP USER IF EXISTS 'root'@'%', 'root'@'127.0.0.1', 'root'@'::1';"
  echo "EXECUTE IMMEDIATE CONCAT('DROP USER IF EXISTS ''root''@''', @@hostname, '''');"
}

# database NAME SECRET: a database and its user of the same name.
database() {
  local name=$1 password
  password=$(secret "$2") || return 0
  echo "CREATE DATABASE IF NOT EXISTS \`$name\` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;"
  user "'$name'@'%'" "$password"
  echo "GRANT ALL PRIVILEGES ON \`$name\`.* TO '$name'@'%';"
}

# Postal makes one database per mail server: postal-server-1 and so on.
postal() {
  local password
  password=$(secret postal_db_password) || return 0
  database postal postal_db_password
  echo "GRANT ALL PRIVILEGES ON \`postal-%\`.* TO 'postal'@'%';"
}

# Makes and drops the sites' databases and nothing else: a mistaken command of the bench cannot reach the orchestrator's
# data. Their names are "_" and 16 hex digits, and Frappe grants on them without escaping the "_", which then stands for
# any character: only a pattern of 17 such places covers that. Ours have other lengths. It is no wall against somebody
# who has this password, because whoever may create users may also change their passwords.
bench_admin() {
  local password seventeen=_________________
  password=$(secret bench_db_password) || return 0
  user "'bench_admin'@'%'" "$password"
  echo "GRANT RELOAD, PROCESS, CONNECTION ADMIN, CREATE USER ON *.* TO 'bench_admin'@'%';"
  echo "GRANT ALL PRIVILEGES ON \`$seventeen\`.* TO 'bench_admin'@'%' WITH GRANT OPTION;"
  # The view of mysql.global_priv that tells which hosts a site's user is known at.
  echo "GRANT SELECT ON \`mysql\`.\`user\` TO 'bench_admin'@'%';"
}

# What mariadb-backup, dumps and the reader of the binary log need. It can change nothing but its own small database, where
# each run leaves a mark that a restore must find again.
backup() {
  local password
  password=$(secret backup_db_password) || return 0
  user "'backup'@'%'" "$password"
  echo "GRANT RELOAD, PROCESS, LOCK TABLES, BINLOG MONITOR, REPLICATION SLAVE, SELECT, SHOW VIEW, TRIGGER, EVENT ON *.* TO 'backup'@'%';"
  echo 'CREATE DATABASE IF NOT EXISTS bastide_backup;'
  echo "GRANT CREATE, INSERT, DELETE ON bastide_backup.* TO 'backup'@'%';"
}

monitoring() {
  local password
  password=$(secret monitoring_db_password) || return 0
  user "'monitoring'@'%'" "$password" 'WITH MAX_USER_CONNECTIONS 5'
  echo "GRANT PROCESS, REPLICA MONITOR, BINLOG MONITOR, SLAVE MONITOR ON *.* TO 'monitoring'@'%';"
}

# user NAME PASSWORD [LIMITS]: exists and has exactly this password.
user() {
  echo "CREATE USER IF NOT EXISTS $1;"
  echo "ALTER USER $1 IDENTIFIED BY '$(escaped "$2")'${3:+ $3};"
}

escaped() {
  local text=${1//\\/\\\\}
  printf '%s' "${text//\'/\'\'}"
}

secret() {
  [[ -s $SECRETS/$1 ]] || return 1
  printf '%s' "$(<"$SECRETS/$1")"
}

main "$@"
