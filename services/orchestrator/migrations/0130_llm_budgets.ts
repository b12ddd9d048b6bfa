/** What a tenant may spend, beside what its plans say: its owner's brake, and the operator's word instead of the plans'. */
export const statements = [
  // is_overridden without an amount: the operator lets the tenant spend without a limit.
  `create table if not exists llm_budgets (
     tenant_id varchar(40) character set ascii collate ascii_bin not null primary key,
     own_nano_usd bigint unsigned null,
     own_period enum('day','month') null,
     is_overridden boolean not null default false,
     override_nano_usd bigint unsigned null,
     override_period enum('day','month') null,
     changed_at datetime(3) not null default current_timestamp(3)
   ) engine=InnoDB default charset=utf8mb4 collate=utf8mb4_unicode_ci`,
];
