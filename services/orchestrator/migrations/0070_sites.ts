export const statements = [
  `create table if not exists sites (
     id varchar(40) character set ascii collate ascii_bin not null primary key,
     tenant_id varchar(40) character set ascii collate ascii_bin not null,
     name varchar(63) character set ascii collate ascii_bin not null,
     host varchar(253) character set ascii collate ascii_bin not null,
     status varchar(20) character set ascii collate ascii_bin not null default 'requested',
     apps longtext not null,
     plan_key varchar(60) character set ascii collate ascii_bin null,
     origin varchar(60) character set ascii collate ascii_bin null,
     operation_id varchar(40) character set ascii collate ascii_bin null,
     busy_operation_id varchar(40) character set ascii collate ascii_bin null,
     admin_password_sealed varchar(400) character set ascii collate ascii_bin not null,
     user_password_sealed varchar(400) character set ascii collate ascii_bin not null,
     usage_mib longtext null,
     usage_at datetime(3) null,
     ready_at datetime(3) null,
     created_at datetime(3) not null default current_timestamp(3),
     updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
     unique key sites_host (host),
     unique key sites_origin (tenant_id, origin),
     key sites_tenant (tenant_id, id),
     key sites_status (status, updated_at)
   ) engine=InnoDB default charset=utf8mb4 collate=utf8mb4_unicode_ci`,
  `create table if not exists site_turns (
     tenant_id varchar(40) character set ascii collate ascii_bin not null primary key
   ) engine=InnoDB default charset=utf8mb4 collate=utf8mb4_unicode_ci`,
];
