export const statements = [
  `create table if not exists grants (
     tenant_id varchar(40) character set ascii collate ascii_bin not null,
     source varchar(64) character set ascii collate ascii_bin not null,
     plan_code varchar(100) character set ascii collate ascii_bin not null,
     granted_at datetime(3) not null,
     revoked_at datetime(3) null,
     primary key (tenant_id, source)
   ) engine=InnoDB default charset=utf8mb4 collate=utf8mb4_unicode_ci`,
  `create table if not exists entitlement_versions (
     tenant_id varchar(40) character set ascii collate ascii_bin not null primary key,
     seq int unsigned not null
   ) engine=InnoDB default charset=utf8mb4 collate=utf8mb4_unicode_ci`,
];
