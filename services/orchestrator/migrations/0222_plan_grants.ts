const id = 'varchar(40) character set ascii collate ascii_bin';
const code = 'varchar(100) character set ascii collate ascii_bin';

export const statements = [
  // Plans that were given by hand. slot: a plan is given to a tenant once at a time; null once it is over.
  `create table if not exists plan_grants (
     id ${id} not null primary key,
     tenant_id ${id} not null,
     line varchar(20) not null,
     plan_key ${code} not null,
     plan_code ${code} not null,
     currency char(3) not null,
     period enum('month','year') not null,
     amount_minor bigint not null,
     reason varchar(500) not null,
     ends_at datetime(3) null,
     slot varchar(190) character set ascii collate ascii_bin null,
     granted_by ${id} null,
     granted_by_name varchar(255) null,
     created_at datetime(3) not null default current_timestamp(3),
     ended_at datetime(3) null,
     ended_by ${id} null,
     ended_by_name varchar(255) null,
     end_reason varchar(500) null,
     unique key plan_grants_slot (slot),
     key plan_grants_tenant (tenant_id, id),
     key plan_grants_due (ended_at, ends_at)
   ) engine=InnoDB default charset=utf8mb4 collate=utf8mb4_unicode_ci`,
];
