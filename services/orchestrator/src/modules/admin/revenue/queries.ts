import type { Knex } from 'knex';

export type MovementKind = 'new' | 'reactivation' | 'expansion' | 'contraction' | 'change' | 'churn';

export interface SourceRow {
  source_id: string;
  tenant_id: string;
  line: string;
  plan_key: string;
  /** Null: it brings in nothing now. */
  price_code: string | null;
  currency: string;
  /** Of a minor unit, per month. */
  twelfths: number;
  is_estimated: 0 | 1;
  seq: number;
  changed_at: Date;
}

export interface MovementRow {
  id: string;
  source_id: string;
  seq: number;
  leg: 'from' | 'to';
  kind: MovementKind;
  tenant_id: string;
  line: string;
  plan_key: string;
  price_code: string;
  currency: string;
  delta_twelfths: number;
  delta_count: -1 | 0 | 1;
  at: Date;
}

/** Of all tenants: what brings in money, and how it came to that. */
export const ledger = (db: Knex) => ({
  lock: (sourceId: string) => db<SourceRow>('mrr_sources').where({ source_id: sourceId }).forUpdate().first(),
  put: (row: SourceRow) => db<SourceRow>('mrr_sources').insert(row).onConflict('source_id').merge(),
  append: (rows: readonly MovementRow[]) => db<MovementRow>('mrr_movements').insert([...rows]),
});

export interface PaidSubscription {
  id: string;
  tenant_id: string;
  line: string;
  plan_key: string;
  currency: string;
  status: 'pending' | 'active' | 'terminated' | 'canceled';
  is_withdrawn: 0 | 1;
  paid_price_code: string | null;
  ended_at: Date | null;
}

const PAYS = `s.status = 'active' and s.is_withdrawn = 0`;

/** Of all tenants, in the order of their ids: subscriptions of which the ledger says something else than their rows. */
export const unlikeLedger = (db: Knex, { after, limit }: { after: string; limit: number }): Promise<string[]> =>
  db('subscriptions as s')
    .leftJoin('mrr_sources as m', 'm.source_id', 's.id')
    .where('s.id', '>', after)
    .whereNotNull('s.paid_price_code')
    .whereNot('s.status', 'pending')
    .whereRaw(`(m.source_id is null or not (m.price_code <=> if(${PAYS}, s.paid_price_code, null)))`)
    .orderBy('s.id')
    .limit(limit)
    .pluck('s.id');

export const lockSubscription = (db: Knex, id: string) =>
  db<PaidSubscription>('subscriptions').where({ id }).forUpdate().first();

/** Fees of the subscription that were paid, oldest first, not before `since`. */
export const paidPrices = (db: Knex, id: string, since: Date | null): Promise<{ priceCode: string; paidAt: Date }[]> =>
  db('invoices as i')
    .join('invoice_subscriptions as p', 'p.invoice_id', 'i.id')
    .where('p.subscription_id', id)
    .whereNotNull('p.price_code')
    .whereNotNull('i.paid_at')
    .modify((rows) => void (since && rows.where('i.paid_at', '>=', since)))
    .orderBy('i.paid_at')
    .select({ priceCode: 'p.price_code', paidAt: 'i.paid_at' });

export interface MonthlyMovement {
  month: string;
  currency: string;
  line: string;
  kind: MovementKind;
  twelfths: number;
  count: number;
}

const numbers = <R extends object>(rows: readonly R[], ...columns: (keyof R)[]): R[] =>
  rows.map((row) => ({ ...row, ...Object.fromEntries(columns.map((column) => [column, Number(row[column])])) }));

/** Everything before `end`: what was there at a month's beginning is the sum of what came before it. */
export async function movementsByMonth(db: Knex, end: Date): Promise<MonthlyMovement[]> {
  const [rows] = (await db.raw(
    `select date_format(at, '%Y-%m') as month, currency, line, kind, sum(delta_twelfths) as twelfths,
            sum(delta_count) as count
     from mrr_movements where at < ? group by 1, 2, 3, 4 order by 1, 2, 3, 4`,
    [end],
  )) as [MonthlyMovement[]];
  return numbers(rows, 'twelfths', 'count');
}

export interface PlanFigure {
  currency: string;
  line: string;
  planKey: string;
  twelfths: number;
  count: number;
}

export async function payingByPlan(db: Knex, end: Date): Promise<PlanFigure[]> {
  const [rows] = (await db.raw(
    `select currency, line, plan_key as planKey, sum(delta_twelfths) as twelfths, sum(delta_count) as count
     from mrr_movements where at < ? group by 1, 2, 3 having count <> 0 or twelfths <> 0 order by 1, 2, 3`,
    [end],
  )) as [PlanFigure[]];
  return numbers(rows, 'twelfths', 'count');
}

/** Active now and paying nothing: free, or waiting for money. */
export async function unpaidByPlan(db: Knex): Promise<{ line: string; planKey: string; count: number }[]> {
  const [rows] = (await db.raw(
    `select s.line, s.plan_key as planKey, count(*) as count
     from subscriptions s left join mrr_sources m on m.source_id = s.id
     where s.status = 'active' and coalesce(m.twelfths, 0) = 0 group by 1, 2 order by 1, 2`,
  )) as [{ line: string; planKey: string; count: number }[]];
  return numbers(rows, 'count');
}

export async function estimatedSources(db: Knex): Promise<number> {
  const row = await db<SourceRow>('mrr_sources')
    .where({ is_estimated: 1 })
    .whereNotNull('price_code')
    .count<{ count: number }[]>({ count: '*' });
  return Number(row[0]?.count ?? 0);
}

export interface PaidPart {
  invoiceId: string;
  month: string;
  currency: string;
  totalMinor: number;
  /** Null of an invoice that no subscription of ours caused. */
  line: string | null;
  isMain: 0 | 1;
  /** Null where it was not kept. */
  amountMinor: number | null;
}

interface Period {
  start: Date;
  end: Date;
}

/** Paid invoices of the period, a row for each part of each. */
export async function paidParts(db: Knex, { start, end }: Period): Promise<PaidPart[]> {
  const [rows] = (await db.raw(
    `select i.id as invoiceId, date_format(i.paid_at, '%Y-%m') as month, i.currency, i.total_minor as totalMinor,
            s.line, coalesce(s.id = i.subscription_id, 0) as isMain, p.amount_minor as amountMinor
     from invoices i
     left join invoice_subscriptions p on p.invoice_id = i.id
     left join subscriptions s on s.id = p.subscription_id
     where i.paid_at >= ? and i.paid_at < ? and i.total_minor > 0 and i.status <> 'voided'
     order by i.id, s.id`,
    [start, end],
  )) as [PaidPart[]];
  return rows;
}

export async function failuresByMonth(
  db: Knex,
  { start, end }: Period,
): Promise<{ month: string; currency: string; line: string; count: number }[]> {
  const [rows] = (await db.raw(
    `select date_format(at, '%Y-%m') as month, currency, line, count(*) as count from payment_failures
     where at >= ? and at < ? group by 1, 2, 3`,
    [start, end],
  )) as [{ month: string; currency: string; line: string; count: number }[]];
  return numbers(rows, 'count');
}

interface FailureRow {
  invoice_id: string;
  attempt: string;
  tenant_id: string;
  line: string;
  currency: string;
  amount_minor: number;
  reason: string | null;
}

export const failures = (db: Knex) => ({
  insertNew: (row: FailureRow) => db('payment_failures').insert(row).onConflict(['invoice_id', 'attempt']).ignore(),
});

export const amountOfInvoice = (db: Knex, tenantId: string, invoiceId: string) =>
  db('invoices')
    .where({ tenant_id: tenantId, id: invoiceId })
    .first<{ currency: string; total_minor: number } | undefined>('currency', 'total_minor');
