/** Keys that were there may do what they could: everything, without limits of their own. */
export const statements = [
  `alter table llm_keys
     add column if not exists user_id varchar(40) character set ascii collate ascii_bin null after created_by,
     add column if not exists scopes varchar(200) character set ascii collate ascii_bin not null
       default '["chat","embeddings","models","usage"]' after models,
     add column if not exists requests_per_minute int unsigned null,
     add column if not exists tokens_per_minute int unsigned null,
     add column if not exists messages_per_day int unsigned null,
     add column if not exists concurrency int unsigned null,
     add column if not exists budget_nano_usd bigint unsigned null,
     add column if not exists budget_period enum('day','month') null,
     add column if not exists uses_cache boolean not null default false,
     add column if not exists rotated_at datetime(3) null`,
  `update llm_keys set user_id = created_by where user_id is null and created_by like 'usr\\_%'`,
  // Secrets that a rotation replaced: they open the same key until they expire.
  `create table if not exists llm_key_old_secrets (
     key_hash char(64) character set ascii collate ascii_bin not null primary key,
     key_id varchar(40) character set ascii collate ascii_bin not null,
     prefix varchar(20) character set ascii collate ascii_bin not null,
     expires_at datetime(3) not null,
     key llm_key_old_secrets_key (key_id, expires_at)
   ) engine=InnoDB default charset=utf8mb4 collate=utf8mb4_unicode_ci`,
];
