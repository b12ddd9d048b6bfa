const id = 'varchar(40) character set ascii collate ascii_bin';
const code = 'varchar(100) character set ascii collate ascii_bin';
const table = 'engine=InnoDB default charset=utf8mb4 collate=utf8mb4_unicode_ci';

export const statements = [
  // slot: what a tenant has at most once (a line, a generator, a line's free plan); null once it is over.
  `create table if not exists subscriptions (
     id ${id} not null primary key,
     tenant_id ${id} not null,
     line varchar(20) not null,
     plan_key ${code} not null,
     price_code ${code} not null,
     currency char(3) not null,
     is_default tinyint(1) not null default 0,
     status enum('pending','active','terminated','canceled') not null default 'pending',
     is_withdrawn tinyint(1) not null default 0,
     slot varchar(190) character set ascii collate ascii_bin null,
     paid_price_code ${code} null,
     problem text null,
     started_at datetime(3) null,
     ended_at datetime(3) null,
     created_at datetime(3) not null default current_timestamp(3),
     updated_at datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
     unique key subscriptions_slot (slot),
     key subscriptions_tenant (tenant_id, id),
     key subscriptions_status (status, created_at)
   ) ${table}`,
  `create table if not exists invoices (
     id ${id} not null primary key,
     lago_id ${id} not null,
     tenant_id ${id} not null,
     subscription_id ${id} null,
     price_code ${code} null,
     number varchar(60) not null,
     description varchar(255) null,
     status varchar(20) not null,
     payment_status enum('pending','succeeded','failed') not null,
     is_overdue tinyint(1) not null default 0,
     currency char(3) not null,
     total_minor bigint not null,
     issued_at datetime(3) not null,
     due_at datetime(3) null,
     paid_at datetime(3) null,
     lago_updated_at datetime(3) not null,
     created_at datetime(3) not null default current_timestamp(3),
     unique key invoices_lago (lago_id),
     key invoices_tenant (tenant_id, id),
     key invoices_subscription (subscription_id),
     key invoices_open (payment_status, status)
   ) ${table}`,
  // One invoice may cover several subscriptions: Lago bills together what falls due on one day.
  // price_code: the plan whose fee is on it; null when it is only about usage.
  `create table if not exists invoice_subscriptions (
     invoice_id ${id} not null,
     subscription_id ${id} not null,
     price_code ${code} null,
     primary key (invoice_id, subscription_id),
     key invoice_subscriptions_subscription (subscription_id)
   ) ${table}`,
  `create table if not exists payment_customers (
     tenant_id ${id} not null,
     provider varchar(20) not null,
     provider_customer_id varchar(100) character set ascii collate ascii_bin not null,
     primary key (tenant_id, provider)
   ) ${table}`,
  // live_invoice_id: the one attempt per invoice whose payment page may be open.
  `create table if not exists payment_attempts (
     id ${id} not null primary key,
     tenant_id ${id} not null,
     invoice_id ${id} not null,
     live_invoice_id ${id} null,
     provider varchar(20) not null,
     provider_session_id varchar(190) character set ascii collate ascii_bin null,
     url text null,
     amount_minor bigint not null,
     currency char(3) not null,
     state enum('creating','open','paid','expired','failed') not null default 'creating',
     problem text null,
     expires_at datetime(3) not null,
     created_at datetime(3) not null default current_timestamp(3),
     unique key payment_attempts_live (live_invoice_id),
     unique key payment_attempts_session (provider, provider_session_id),
     key payment_attempts_invoice (invoice_id),
     key payment_attempts_state (state, created_at)
   ) ${table}`,
  // settles_invoice_id: unique, so that no two payments settle one invoice; null = money to give back.
  `create table if not exists payments (
     id ${id} not null primary key,
     tenant_id ${id} not null,
     invoice_id ${id} not null,
     attempt_id ${id} not null,
     provider varchar(20) not null,
     provider_payment_id varchar(190) character set ascii collate ascii_bin not null,
     settles_invoice_id ${id} null,
     amount_minor bigint not null,
     currency char(3) not null,
     state enum('settling','settled','refund_due') not null,
     reason varchar(60) null,
     received_at datetime(3) not null default current_timestamp(3),
     settled_at datetime(3) null,
     unique key payments_provider (provider, provider_payment_id),
     unique key payments_settles (settles_invoice_id),
     key payments_invoice (invoice_id),
     key payments_state (state, received_at)
   ) ${table}`,
  `create table if not exists usage_events (
     id bigint unsigned not null auto_increment primary key,
     tenant_id ${id} not null,
     metric ${code} not null,
     line varchar(20) not null,
     transaction_id varchar(150) character set ascii collate ascii_bin not null,
     properties longtext not null,
     at datetime(3) not null,
     subscription_id ${id} null,
     stamped_at datetime(3) null,
     state enum('waiting','sent','refused','late') not null default 'waiting',
     attempts int unsigned not null default 0,
     due_at datetime(3) not null default current_timestamp(3),
     problem text null,
     sent_at datetime(3) null,
     created_at datetime(3) not null default current_timestamp(3),
     unique key usage_events_once (tenant_id, metric, transaction_id),
     key usage_events_due (state, due_at, id)
   ) ${table}`,
];
