# shellcheck shell=bash
# Every run writes its id into both databases before it copies them: a restore proves by it what it holds.

write_markers() {
  mariadb_query "create table if not exists bastide_backup.runs (id char(36) primary key, created_at timestamp not null default current_timestamp)
    ; insert ignore into bastide_backup.runs (id) values ('$RUN')
    ; delete from bastide_backup.runs where created_at < now() - interval 400 day" >/dev/null
  postgres_query bastide_backup "set client_min_messages = warning; create table if not exists runs (id uuid primary key, created_at timestamptz not null default now())
    ; insert into runs (id) values ('$RUN') on conflict do nothing
    ; delete from runs where created_at < now() - interval '400 days'" >/dev/null
}
