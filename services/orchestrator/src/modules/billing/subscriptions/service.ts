import type { TenantContext } from '#core/context.ts';
import { isDuplicate } from '#core/db/connect.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { NotFound, defineError } from '#core/errors.ts';
import type { Page, PageQuery } from '#core/http/pagination.ts';
import { newId } from '#core/ids.ts';
import { enqueue } from '#core/jobs/enqueue.ts';
import { record } from '#modules/audit/service.ts';
import type { Plan, Price } from '#modules/catalogue/schemas.ts';
import { defaultPrices, findPrice } from '#modules/catalogue/service.ts';
import { getTenant } from '#modules/identity/tenants/service.ts';
import { hasPayments } from '../checkout/queries.ts';
import { type ChangeRow, subscriptionChanges } from './changes/queries.ts';
import { type SubscriptionRow, subscriptions } from './queries.ts';
import { type CreateSubscription, type Subscription, placeOrder, withdrawOrder } from './schemas.ts';

export const SubscriptionExists = defineError<{ subscriptionId: string; priceCode: string; isPaid: boolean }>(
  'subscription.exists',
  409,
  (d) => `There is a subscription for this already: ${d.subscriptionId} (${d.priceCode}).`,
);

/**
 * Orders a plan. A tenant has one plan per line at a time (and each generator once): the same again, or another while
 * one is paid, is refused with the one there is. One that was never paid is taken back and replaced.
 */
export function subscribe(ctx: TenantContext, { priceCode }: CreateSubscription): Promise<Subscription> {
  const sold = findPrice(ctx, priceCode);
  return withTransaction(ctx, async (ctx) => {
    const rival = await subscriptions(ctx, ctx.tenantId).lockSlot(slotOf(ctx.tenantId, sold.plan));
    if (rival) await takeBack(ctx, rival, priceCode);
    const row = await order(ctx, sold);
    await record(ctx, { action: 'subscription.create', subject: row.id, details: { priceCode } });
    return present(row);
  });
}

/** What every tenant has without buying; a second run finds them there. */
export async function subscribeToDefaults(ctx: TenantContext): Promise<void> {
  const { currency } = await getTenant(ctx, ctx.tenantId);
  for (const sold of defaultPrices(ctx, currency))
    await withTransaction(ctx, async (ctx) => {
      const existing = await subscriptions(ctx, ctx.tenantId).lockSlot(slotOf(ctx.tenantId, sold.plan));
      if (!existing) await order(ctx, sold);
    });
}

async function order(ctx: TenantContext, { plan, price }: { plan: Plan; price: Price }): Promise<SubscriptionRow> {
  const rows = subscriptions(ctx, ctx.tenantId);
  const id = newId('subscription');
  const slot = slotOf(ctx.tenantId, plan);
  try {
    await rows.insert({
      id,
      line: plan.line,
      plan_key: plan.key,
      price_code: price.code,
      currency: price.currency,
      is_default: plan.isDefault ? 1 : 0,
      slot,
    });
  } catch (error) {
    // Somebody ordered at the same moment: theirs is the one.
    const winner = isDuplicate(error) ? await rows.lockSlot(slot) : undefined;
    throw winner ? exists(winner) : error;
  }
  await enqueue(ctx, placeOrder, { tenantId: ctx.tenantId, subscriptionId: id });
  return requireRow(ctx, id);
}

async function takeBack(ctx: TenantContext, row: SubscriptionRow, wanted: string): Promise<void> {
  const isKept = row.price_code === wanted || row.is_default || row.paid_price_code !== null;
  if (isKept || (await hasPayments(ctx, row.id))) throw exists(row);
  await withdrawOrderOf(ctx, row);
  await record(ctx, { action: 'subscription.replace', subject: row.id, details: { by: wanted } });
}

/** Takes back an order that was never paid, in the caller's transaction, which holds its row. */
export async function withdrawOrderOf(ctx: TenantContext, row: SubscriptionRow): Promise<void> {
  const change = { status: 'canceled', is_withdrawn: 1, slot: null, ended_at: new Date() } as const;
  await subscriptions(ctx, ctx.tenantId).update(row.id, change);
  await enqueue(ctx, withdrawOrder, { tenantId: ctx.tenantId, subscriptionId: row.id });
}

const exists = (row: SubscriptionRow) =>
  SubscriptionExists({ subscriptionId: row.id, priceCode: row.price_code, isPaid: row.paid_price_code !== null });

export function slotOf(tenantId: string, plan: Plan): string {
  if (plan.isDefault) return `${tenantId}/${plan.line}/default`;
  return `${tenantId}/${plan.line === 'generators' ? plan.key : plan.line}`;
}

/** Tries a pending order again at once, after it was given up or to spare the wait. */
export function retryOrder(ctx: TenantContext, subscriptionId: string): Promise<Subscription> {
  return withTransaction(ctx, async (ctx) => {
    const row = await requireRow(ctx, subscriptionId);
    if (row.status === 'pending')
      await enqueue(ctx, placeOrder, { tenantId: ctx.tenantId, subscriptionId, round: Date.now() });
    await record(ctx, { action: 'subscription.retry', subject: subscriptionId });
    return present(row);
  });
}

export async function getSubscription(ctx: TenantContext, subscriptionId: string): Promise<Subscription> {
  const change = await subscriptionChanges(ctx, ctx.tenantId).openOf(subscriptionId);
  return present(await requireRow(ctx, subscriptionId), change);
}

export async function listSubscriptions(ctx: TenantContext, query: PageQuery): Promise<Page<Subscription>> {
  const page = await subscriptions(ctx, ctx.tenantId).page(query);
  const open = await subscriptionChanges(ctx, ctx.tenantId).openOfAll(page.items.map(({ id }) => id));
  const changes = new Map(open.map((change) => [change.subscription_id, change]));
  return { ...page, items: page.items.map((row) => present(row, changes.get(row.id))) };
}

async function requireRow(ctx: TenantContext, id: string): Promise<SubscriptionRow> {
  const row = await subscriptions(ctx, ctx.tenantId).find(id);
  if (!row) throw NotFound({ entity: 'subscription', id });
  return row;
}

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;

function present(row: SubscriptionRow, change?: ChangeRow): Subscription {
  const { next_price_code: nextPriceCode, next_price_at: nextAt } = row;
  return {
    id: row.id,
    priceCode: row.price_code,
    planKey: row.plan_key,
    line: row.line,
    status: row.status,
    isPaid: row.paid_price_code !== null,
    paidPriceCode: row.paid_price_code,
    isDefault: row.is_default === 1,
    problem: row.problem,
    periodEndsAt: row.status === 'active' ? iso(row.period_ends_at) : null,
    endsAt: row.status === 'active' ? iso(row.ends_at) : null,
    next: nextPriceCode !== null && nextAt ? { priceCode: nextPriceCode, at: nextAt.toISOString() } : null,
    change: change ? presentChange(change) : null,
    createdAt: row.created_at.toISOString(),
  };
}

function presentChange(change: ChangeRow): Subscription['change'] {
  const { state } = change;
  if (state === 'done' || state === 'taken_back' || state === 'failed') return null;
  return {
    id: change.id,
    kind: change.kind,
    state,
    priceCode: change.to_price_code,
    effectiveAt: state === 'scheduled' ? iso(change.effective_at) : null,
    invoiceId: change.invoice_id,
    problem: change.problem,
  };
}
