import type { Knex } from 'knex';

type Row = Record<string, string | number | null>;

/** A person does not write more in a day. */
export const MAX_DAILY_MESSAGES = 300;

/**
 * Each figure is one statement that reads an index, of all tenants, for the operator's eyes only. They run once a minute in
 * one worker, never when Prometheus asks.
 */
const STATEMENTS = {
  people: `select (select count(*) from users) as users,
                  (select count(*) from users where created_at > now(3) - interval 1 day) as signupsDay,
                  (select count(*) from tenants) as tenants`,
  subscriptions: `select line, plan_key as plan, currency, coalesce(paid_price_code, price_code) as priceCode,
                         paid_price_code is not null as isPaid, count(*) as count
                  from subscriptions where status = 'active' group by 1, 2, 3, 4, 5`,
  recurring: `select line, currency, sum(twelfths) as twelfths, sum(is_estimated) as estimated
              from mrr_sources where price_code is not null group by line, currency`,
  subscriptionsEnded: `select line, count(*) as count from subscriptions
                       where status = 'terminated' and is_default = 0 and paid_price_code is not null
                         and ended_at > now(3) - interval 1 day
                       group by line`,
  invoices: `select status, payment_status as paymentStatus, count(*) as count from invoices group by payment_status, status`,
  invoicesOverdue: `select count(*) as count from invoices
                    where payment_status in ('pending', 'failed') and status = 'finalized' and is_overdue = 1`,
  payments: `select currency, count(*) as count, sum(amount_minor) as amountMinor from payments
             where state = 'settled' and received_at > now(3) - interval 1 day group by currency`,
  refundsDue: `select count(*) as count from payments where state in ('refund_due', 'refund_failed')`,
  disputes: `select count(*) as count from payments where dispute_status like '%needs\\_response'`,
  paymentsFailed: `select count(*) as count from payment_attempts
                   where state = 'failed' and created_at > now(3) - interval 1 day`,
  usageEvents: `select state, count(*) as count, timestampdiff(second, min(created_at), now(3)) as oldestS
                from usage_events where state in ('waiting', 'refused', 'late') group by state`,
  sites: `select status, count(*) as count from sites group by status`,
  operations: `select state, count(*) as count, sum(updated_at < now(3) - interval 30 minute) as stuck
               from operations where state in ('running', 'failing', 'failed') group by state`,
  inbox: `select source, count(*) as count, timestampdiff(second, min(received_at), now(3)) as oldestS
          from inbox where handled_at is null group by source`,
  mailsWaiting: `select count(*) as count, timestampdiff(second, min(created_at), now(3)) as oldestS
                 from mails where state = 'queued'`,
  mailsFailed: `select count(*) as count from mails where state = 'failed' and created_at > now(3) - interval 1 day`,
  // What is bought comes before the free plan that stays below it.
  llmPlans: `select coalesce(plan, 'none') as plan, count(*) as tenants, sum(messages) as messages, sum(cost) as costNanoUsd
             from (select tenant_id, sum(requests) as messages, sum(cost_nano_usd) as cost
                   from llm_usage_days where day = :day group by tenant_id) today
             left join (select tenant_id, substring_index(group_concat(plan_key order by is_default), ',', 1) as plan
                        from subscriptions where line = 'llm' and status = 'active' group by tenant_id) plans
               on plans.tenant_id = today.tenant_id
             group by 1`,
  llmUsers: `select count(*) as count, coalesce(sum(messages > :maxMessages), 0) as abusive
             from (select sum(requests) as messages from llm_usage_days where day = :day
                   group by if(user_id = '', key_id, user_id)) today`,
  llmProviders: `select provider, sum(requests) as requests, sum(cost_nano_usd) as costNanoUsd,
                        sum(estimated) as estimated, sum(budget_fallbacks) as budgetFallbacks, sum(fallbacks) as fallbacks
                 from llm_usage_days where day = :day group by provider`,
  llmModels: `select model, sum(cost_nano_usd) as costNanoUsd from llm_usage_days where day = :day
              group by model order by 2 desc, 1 limit 10`,
  llmTenants: `select today.tenant_id as tenantId, coalesce(tenants.name, '') as name, costNanoUsd
               from (select tenant_id, sum(cost_nano_usd) as costNanoUsd from llm_usage_days where day = :day
                     group by tenant_id order by 2 desc, 1 limit 10) today
               left join tenants on tenants.id = today.tenant_id`,
} as const;

export type FigureName = keyof typeof STATEMENTS;
export const FIGURE_NAMES = Object.keys(STATEMENTS) as FigureName[];

/** `day` is the operator's. */
export async function figure(db: Knex, name: FigureName, day: string): Promise<Row[]> {
  const [rows] = (await db.raw(STATEMENTS[name], { day, maxMessages: MAX_DAILY_MESSAGES })) as [Row[]];
  return rows;
}
