const ID = 'varchar(40) character set ascii collate ascii_bin';
const HASH = 'char(64) character set ascii collate ascii_bin';
const TABLE = 'engine=InnoDB default charset=utf8mb4 collate=utf8mb4_unicode_ci';

export const statements = [
  `create table if not exists users (
     id ${ID} not null primary key,
     sub varchar(255) character set utf8mb4 collate utf8mb4_bin not null,
     email varchar(320) not null,
     is_email_verified boolean not null,
     name varchar(255) not null,
     locale enum('en','fr') not null,
     claims_at datetime(3) not null,
     created_at datetime(3) not null default current_timestamp(3),
     unique key users_sub (sub),
     key users_email (email)
   ) ${TABLE}`,
  `create table if not exists sessions (
     id ${ID} not null primary key,
     token_hash ${HASH} not null,
     user_id ${ID} not null,
     provider_sid varchar(255) character set utf8mb4 collate utf8mb4_bin null,
     roles longtext not null,
     id_token longtext null,
     ip varchar(45) null,
     user_agent varchar(255) null,
     created_at datetime(3) not null default current_timestamp(3),
     last_seen_at datetime(3) not null default current_timestamp(3),
     expires_at datetime(3) not null,
     unique key sessions_token (token_hash),
     key sessions_provider (provider_sid),
     key sessions_expiry (expires_at),
     constraint sessions_user_fk foreign key (user_id) references users (id) on delete cascade
   ) ${TABLE}`,
  `create table if not exists provider_logouts (
     token_hash ${HASH} not null primary key,
     provider_sid varchar(255) character set utf8mb4 collate utf8mb4_bin null,
     created_at datetime(3) not null default current_timestamp(3),
     key provider_logouts_sid (provider_sid),
     key provider_logouts_age (created_at)
   ) ${TABLE}`,
  `create table if not exists tenants (
     id ${ID} not null primary key,
     slug varchar(32) character set ascii collate ascii_bin not null,
     name varchar(100) not null,
     currency char(3) character set ascii collate ascii_bin not null,
     created_at datetime(3) not null default current_timestamp(3),
     unique key tenants_slug (slug)
   ) ${TABLE}`,
  `create table if not exists members (
     id ${ID} not null primary key,
     tenant_id ${ID} not null,
     user_id ${ID} not null,
     role enum('owner','editor','viewer') not null,
     created_at datetime(3) not null default current_timestamp(3),
     unique key members_user (tenant_id, user_id),
     key members_tenants (user_id, tenant_id),
     constraint members_tenant_fk foreign key (tenant_id) references tenants (id),
     constraint members_user_fk foreign key (user_id) references users (id)
   ) ${TABLE}`,
  `create table if not exists invitations (
     id ${ID} not null primary key,
     tenant_id ${ID} not null,
     email varchar(320) not null,
     role enum('owner','editor','viewer') not null,
     token_hash ${HASH} not null,
     created_at datetime(3) not null default current_timestamp(3),
     expires_at datetime(3) not null,
     accepted_at datetime(3) null,
     accepted_by ${ID} null,
     revoked_at datetime(3) null,
     unique key invitations_token (token_hash),
     key invitations_tenant (tenant_id, id),
     key invitations_email (tenant_id, email),
     constraint invitations_tenant_fk foreign key (tenant_id) references tenants (id)
   ) ${TABLE}`,
  `create table if not exists api_keys (
     id ${ID} not null primary key,
     tenant_id ${ID} not null,
     name varchar(100) not null,
     prefix varchar(20) character set ascii collate ascii_bin not null,
     token_hash ${HASH} not null,
     scopes longtext not null,
     created_by ${ID} not null,
     created_at datetime(3) not null default current_timestamp(3),
     expires_at datetime(3) null,
     last_used_at datetime(3) null,
     revoked_at datetime(3) null,
     unique key api_keys_token (token_hash),
     key api_keys_tenant (tenant_id, id),
     constraint api_keys_tenant_fk foreign key (tenant_id) references tenants (id)
   ) ${TABLE}`,
];
