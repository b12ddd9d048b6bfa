const id = 'varchar(40) character set ascii collate ascii_bin';
const code = 'varchar(100) character set ascii collate ascii_bin';
const table = 'engine=InnoDB default charset=utf8mb4 collate=utf8mb4_unicode_ci';

export const statements = [
  // What each source of recurring revenue (a subscription, a plan given by hand) brings in now; price_code null: nothing.
  // Amounts are a twelfth of a minor unit per month, so that a yearly price is a whole number by the month too.
  `create table if not exists mrr_sources (
     source_id ${id} not null primary key,
     tenant_id ${id} not null,
     line varchar(20) not null,
     plan_key ${code} not null,
     price_code ${code} null,
     currency char(3) not null,
     twelfths bigint not null,
     is_estimated tinyint(1) not null default 0,
     seq int unsigned not null,
     changed_at datetime(3) not null,
     key mrr_sources_price (price_code)
   ) ${table}`,
  // How it came to that, only ever added to: a change of plan is two legs, what it was (negative) and what it is.
  `create table if not exists mrr_movements (
     id ${id} not null primary key,
     source_id ${id} not null,
     seq int unsigned not null,
     leg enum('from','to') not null,
     kind enum('new','reactivation','expansion','contraction','change','churn') not null,
     tenant_id ${id} not null,
     line varchar(20) not null,
     plan_key ${code} not null,
     price_code ${code} not null,
     currency char(3) not null,
     delta_twelfths bigint not null,
     delta_count tinyint not null,
     at datetime(3) not null,
     created_at datetime(3) not null default current_timestamp(3),
     unique key mrr_movements_once (source_id, seq, leg),
     key mrr_movements_at (at)
   ) ${table}`,
  `create table if not exists payment_failures (
     invoice_id ${id} not null,
     attempt varchar(100) character set ascii collate ascii_bin not null,
     tenant_id ${id} not null,
     line varchar(20) not null,
     currency char(3) not null,
     amount_minor bigint not null,
     reason varchar(500) null,
     at datetime(3) not null default current_timestamp(3),
     primary key (invoice_id, attempt),
     key payment_failures_at (at),
     key payment_failures_tenant (tenant_id, at)
   ) ${table}`,
  // What a part of an invoice comes to; null of those that were projected before this column was.
  `alter table invoice_subscriptions add column if not exists amount_minor bigint null`,
  `alter table invoices add index if not exists invoices_paid (paid_at)`,
];
