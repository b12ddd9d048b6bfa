const id = 'varchar(40) character set ascii collate ascii_bin';
const code = 'varchar(60) character set ascii collate ascii_bin';
const table = 'engine=InnoDB default charset=utf8mb4 collate=utf8mb4_unicode_ci';

export const statements = [
  `create table if not exists flags (
     flag ${code} not null primary key,
     description varchar(500) not null,
     rollout_percent tinyint unsigned not null,
     version int unsigned not null,
     updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3)
   ) ${table}`,
  `create table if not exists flag_tenants (
     flag ${code} not null,
     tenant_id ${id} not null,
     is_on tinyint(1) not null,
     primary key (flag, tenant_id),
     key flag_tenants_tenant (tenant_id)
   ) ${table}`,
  // Every edit, with what the flag was after it.
  `create table if not exists flag_changes (
     id ${id} not null primary key,
     flag ${code} not null,
     version int unsigned not null,
     document longtext not null,
     comment varchar(500) null,
     author_id ${id} null,
     author_name varchar(255) null,
     created_at datetime(3) not null default current_timestamp(3),
     unique key flag_changes_version (flag, version)
   ) ${table}`,
  // What admins have set; a generator without a row is as the release ships it. shown_prices null: the catalogue's.
  `create table if not exists generator_configs (
     code ${code} not null primary key,
     is_enabled tinyint(1) not null,
     daily_limit int unsigned not null,
     shown_prices longtext null,
     version int unsigned not null,
     updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3)
   ) ${table}`,
  `create table if not exists generator_config_changes (
     id ${id} not null primary key,
     code ${code} not null,
     version int unsigned not null,
     document longtext not null,
     comment varchar(500) null,
     author_id ${id} null,
     author_name varchar(255) null,
     created_at datetime(3) not null default current_timestamp(3),
     unique key generator_config_changes_version (code, version)
   ) ${table}`,
];
