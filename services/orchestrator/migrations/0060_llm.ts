export const statements = [
  `create table if not exists llm_keys (
     id varchar(40) character set ascii collate ascii_bin not null primary key,
     tenant_id varchar(40) character set ascii collate ascii_bin not null,
     name varchar(100) not null,
     prefix varchar(20) character set ascii collate ascii_bin not null,
     key_hash char(64) character set ascii collate ascii_bin not null,
     models longtext null,
     created_by varchar(40) character set ascii collate ascii_bin not null,
     created_at datetime(3) not null default current_timestamp(3),
     expires_at datetime(3) null,
     last_used_at datetime(3) null,
     revoked_at datetime(3) null,
     unique key llm_keys_hash (key_hash),
     key llm_keys_tenant (tenant_id, id)
   ) engine=InnoDB default charset=utf8mb4 collate=utf8mb4_unicode_ci`,
  // What gateways remember about a tenant's keys is out of date as soon as this version is higher than theirs.
  `create table if not exists llm_tenants (
     tenant_id varchar(40) character set ascii collate ascii_bin not null primary key,
     version bigint unsigned not null default 0,
     changed_at datetime(3) not null default current_timestamp(3),
     key llm_tenants_changed (changed_at)
   ) engine=InnoDB default charset=utf8mb4 collate=utf8mb4_unicode_ci`,
  `create table if not exists llm_usage (
     request_id varchar(40) character set ascii collate ascii_bin not null primary key,
     tenant_id varchar(40) character set ascii collate ascii_bin not null,
     key_id varchar(40) character set ascii collate ascii_bin not null,
     at datetime(3) not null,
     provider varchar(40) not null,
     model varchar(200) not null,
     is_stream boolean not null,
     outcome enum('completed','aborted','cut','interrupted') not null,
     prompt_tokens int unsigned not null,
     cached_tokens int unsigned not null,
     completion_tokens int unsigned not null,
     cost_nano_usd bigint unsigned not null,
     price varchar(100) null,
     is_estimated boolean not null,
     first_byte_ms int unsigned null,
     duration_ms int unsigned not null,
     stored_at datetime(3) not null default current_timestamp(3),
     key llm_usage_tenant (tenant_id, at),
     key llm_usage_key (key_id, at)
   ) engine=InnoDB default charset=utf8mb4 collate=utf8mb4_unicode_ci`,
];
