const id = 'varchar(40) character set ascii collate ascii_bin';
const reference = 'varchar(190) character set ascii collate ascii_bin';
const table = 'engine=InnoDB default charset=utf8mb4 collate=utf8mb4_unicode_ci';

/** Several gateways, cards that are kept, money that goes back. */
export const statements = [
  // asks: how often the provider was asked for a page; without an idempotency key each lost answer may have left one.
  `alter table payment_attempts
     add column if not exists kind enum('page','saved_card') not null default 'page' after provider,
     add column if not exists keep_card tinyint(1) not null default 0 after kind,
     add column if not exists asks int unsigned not null default 0 after problem`,
  // refund_try: part of the idempotency key, so that a refund that failed can be asked for again.
  // refunded_minor: what has gone back, also by somebody at the provider.
  `alter table payments
     modify column state enum('settling','settled','refund_due','refund_pending','refunded','refund_failed') not null,
     add column if not exists refund_try int unsigned not null default 0,
     add column if not exists provider_refund_id ${reference} null,
     add column if not exists refund_reference varchar(190) null,
     add column if not exists refund_problem text null,
     add column if not exists refunded_minor bigint not null default 0,
     add column if not exists refunded_at datetime(3) null,
     add column if not exists dispute_id ${reference} null,
     add column if not exists dispute_status varchar(40) null`,
  `create unique index if not exists payment_customers_provider on payment_customers (provider, provider_customer_id)`,
  // What the provider keeps of a card, less what would be worth stealing.
  `create table if not exists saved_cards (
     tenant_id ${id} not null,
     provider varchar(20) not null,
     provider_method_id ${reference} not null,
     brand varchar(40) not null,
     last4 char(4) not null,
     exp_month tinyint unsigned not null,
     exp_year smallint unsigned not null,
     saved_at datetime(3) not null default current_timestamp(3),
     primary key (tenant_id, provider),
     unique key saved_cards_method (provider, provider_method_id)
   ) ${table}`,
];
