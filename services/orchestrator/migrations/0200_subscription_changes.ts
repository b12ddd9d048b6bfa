const id = 'varchar(40) character set ascii collate ascii_bin';
const code = 'varchar(100) character set ascii collate ascii_bin';
const table = 'engine=InnoDB default charset=utf8mb4 collate=utf8mb4_unicode_ci';

/** The life of a subscription after it was bought: another plan, its end, and both taken back. */
export const statements = [
  // rights_from: since when, by the engine's clock, paid_price_code is right; an invoice from before gives no rights.
  `alter table subscriptions
     add column if not exists rights_from datetime(3) null after paid_price_code,
     add column if not exists period_ends_at datetime(3) null after ended_at,
     add column if not exists next_price_code ${code} null after period_ends_at,
     add column if not exists next_price_at datetime(3) null after next_price_code,
     add column if not exists ends_at datetime(3) null after next_price_at`,
  // open_subscription_id: the one change of a subscription that is not over. to_price_code: null of a cancellation.
  // effective_at: when an upgrade was switched at the engine, when another change takes effect.
  `create table if not exists subscription_changes (
     id ${id} not null primary key,
     tenant_id ${id} not null,
     subscription_id ${id} not null,
     open_subscription_id ${id} null,
     kind enum('upgrade','downgrade','cancel','cancel_now') not null,
     from_price_code ${code} not null,
     to_price_code ${code} null,
     state enum('requested','awaiting_payment','scheduled','taking_back','done','taken_back','failed') not null,
     taken_back_because enum('asked','unpaid','replaced') null,
     invoice_id ${id} null,
     effective_at datetime(3) null,
     problem text null,
     created_at datetime(3) not null default current_timestamp(3),
     ended_at datetime(3) null,
     unique key subscription_changes_open (open_subscription_id),
     unique key subscription_changes_invoice (invoice_id),
     key subscription_changes_subscription (tenant_id, subscription_id, id),
     key subscription_changes_state (state, created_at)
   ) ${table}`,
];
