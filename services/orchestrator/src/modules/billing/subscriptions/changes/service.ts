import type { TenantContext } from '#core/context.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { NotFound } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { enqueue } from '#core/jobs/enqueue.ts';
import { record } from '#modules/audit/service.ts';
import { findPrice } from '#modules/catalogue/service.ts';
import { hasPayments } from '../../checkout/queries.ts';
import { invoices } from '../../invoices/queries.ts';
import { engineOf } from '../../providers/engine.ts';
import { type SubscriptionRow, subscriptions } from '../queries.ts';
import type { Subscription } from '../schemas.ts';
import { getSubscription, slotOf, withdrawOrderOf } from '../service.ts';
import {
  ChangeOpen,
  ChangeTooLate,
  NothingToResume,
  PlanNotInLine,
  SamePlan,
  SubscriptionIsDefault,
  SubscriptionNotRunning,
  SubscriptionUnpaid,
} from './errors.ts';
import { isCheaper } from './prices.ts';
import { type ChangeRow, subscriptionChanges } from './queries.ts';
import { type CancelSubscription, type ChangePlan, type ChangePreview, carryChange } from './schemas.ts';
import { beginTakeBack } from './take-back.ts';

/**
 * Moves to another plan of the same line: to one that is not cheaper by the year at once, with rights when its invoice is
 * paid; to a cheaper one when the running period is over. The same again changes nothing.
 */
export function changePlan(ctx: TenantContext, id: string, { priceCode }: ChangePlan): Promise<Subscription> {
  return withTransaction(ctx, async (ctx) => {
    const row = await lockRunning(ctx, id);
    const open = await subscriptionChanges(ctx, ctx.tenantId).lockOpenOf(id);
    if (open?.to_price_code === priceCode && open.state !== 'taking_back') return getSubscription(ctx, id);
    if (open) throw asOpen(open);
    const kind = await requireChangeable(ctx, row, priceCode);
    await request(ctx, row, kind, priceCode);
    return getSubscription(ctx, id);
  });
}

/** What that would charge, at this moment. */
export async function previewChange(ctx: TenantContext, id: string, { priceCode }: ChangePlan): Promise<ChangePreview> {
  const row = await lockRunning(ctx, id);
  const kind = await requireChangeable(ctx, row, priceCode);
  const { price } = findPrice(ctx, priceCode);
  const common = { priceCode, kind, currency: price.currency, isEstimate: true } as const;
  if (kind === 'downgrade') {
    const nothing = { chargeMinor: 0, creditMinor: 0, usageMinor: 0, totalMinor: 0 };
    return { ...common, effectiveAt: row.period_ends_at?.toISOString() ?? null, ...nothing };
  }
  // What an upgrade that was taken back had credited is used up until the plan is billed again.
  const restored = await subscriptionChanges(ctx, ctx.tenantId).restoredSince(id, row.rights_from ?? row.created_at);
  const preview = await engineOf(ctx).previewChange(id, priceCode, restored === undefined);
  return { ...common, effectiveAt: null, ...preview };
}

/** One that was never paid is taken back with its invoice; another ends with what is paid, or now. */
export function cancelSubscription(
  ctx: TenantContext,
  id: string,
  { when }: CancelSubscription,
): Promise<Subscription> {
  return withTransaction(ctx, async (ctx) => {
    const row = await requireOwn(ctx, id);
    if (row.is_default) throw SubscriptionIsDefault({ subscriptionId: id });
    if (await isUnpaidOrder(ctx, row)) {
      await withdrawOrderOf(ctx, row);
      await record(ctx, { action: 'subscription.cancel', subject: id, details: { when: 'now', isUnpaid: true } });
      return getSubscription(ctx, id);
    }
    if (row.status !== 'active') throw SubscriptionNotRunning({ subscriptionId: id, status: row.status });
    const kind = when === 'now' ? 'cancel_now' : 'cancel';
    const changes = subscriptionChanges(ctx, ctx.tenantId);
    const open = await changes.lockOpenOf(id);
    if (open?.kind === kind && open.state !== 'taking_back') return getSubscription(ctx, id);
    if (open && (open.kind === 'upgrade' || open.kind === 'cancel_now' || open.state === 'taking_back'))
      throw asOpen(open);
    // A cheaper plan, or an end, that waits: the job takes that back at the engine as well.
    if (open) await changes.finish(open.id, 'taken_back', { taken_back_because: 'replaced' });
    await request(ctx, row, kind, null);
    return getSubscription(ctx, id);
  });
}

/** Takes back what waits: an end, a cheaper plan, an upgrade that is not paid. */
export function resumeSubscription(ctx: TenantContext, id: string): Promise<Subscription> {
  return withTransaction(ctx, async (ctx) => {
    await requireOwn(ctx, id);
    const open = await subscriptionChanges(ctx, ctx.tenantId).lockOpenOf(id);
    if (!open) throw NothingToResume({ subscriptionId: id });
    if (open.state !== 'taking_back') {
      if (!(await beginTakeBack(ctx, open, 'asked'))) throw ChangeTooLate({ changeId: open.id });
      await record(ctx, {
        action: 'subscription.resume',
        subject: id,
        details: { changeId: open.id, kind: open.kind },
      });
    }
    return getSubscription(ctx, id);
  });
}

async function request(
  ctx: TenantContext,
  row: SubscriptionRow,
  kind: ChangeRow['kind'],
  priceCode: string | null,
): Promise<void> {
  const id = newId('subscriptionChange');
  await subscriptionChanges(ctx, ctx.tenantId).insert({
    id,
    subscription_id: row.id,
    kind,
    from_price_code: row.price_code,
    to_price_code: priceCode,
  });
  await enqueue(ctx, carryChange, { tenantId: ctx.tenantId, changeId: id, round: 'request' });
  const action = priceCode === null ? 'subscription.cancel' : 'subscription.change';
  const details = { changeId: id, kind, from: row.price_code, ...(priceCode !== null && { to: priceCode }) };
  await record(ctx, { action, subject: row.id, details });
}

async function requireOwn(ctx: TenantContext, id: string): Promise<SubscriptionRow> {
  const row = await subscriptions(ctx, ctx.tenantId).lock(id);
  if (!row) throw NotFound({ entity: 'subscription', id });
  return row;
}

async function lockRunning(ctx: TenantContext, id: string): Promise<SubscriptionRow> {
  const row = await requireOwn(ctx, id);
  if (row.is_default) throw SubscriptionIsDefault({ subscriptionId: id });
  if (row.status !== 'active') throw SubscriptionNotRunning({ subscriptionId: id, status: row.status });
  return row;
}

async function requireChangeable(
  ctx: TenantContext,
  row: SubscriptionRow,
  priceCode: string,
): Promise<'upgrade' | 'downgrade'> {
  const { plan, price } = findPrice(ctx, priceCode);
  if (row.price_code === priceCode) throw SamePlan({ priceCode });
  // What a tenant has once stays that: each generator is a thing of its own.
  if (slotOf(ctx.tenantId, plan) !== row.slot) throw PlanNotInLine({ priceCode, reason: 'line' });
  if (price.currency !== row.currency) throw PlanNotInLine({ priceCode, reason: 'currency' });
  const owed = await invoices(ctx, ctx.tenantId).openOf(row.id);
  if (row.paid_price_code === null) throw SubscriptionUnpaid({ subscriptionId: row.id, invoiceId: owed?.id ?? null });
  const kind = isCheaper(ctx, priceCode, row.price_code) ? 'downgrade' : 'upgrade';
  // The engine credits what is left of the old plan's period, whether it was paid or not.
  if (kind === 'upgrade' && owed) throw SubscriptionUnpaid({ subscriptionId: row.id, invoiceId: owed.id });
  return kind;
}

async function isUnpaidOrder(ctx: TenantContext, row: SubscriptionRow): Promise<boolean> {
  const isOpen = row.status === 'pending' || row.status === 'active';
  return isOpen && row.paid_price_code === null && !(await hasPayments(ctx, row.id));
}

const asOpen = ({ id, kind, state, invoice_id: invoiceId }: ChangeRow) =>
  ChangeOpen({ changeId: id, kind, state, invoiceId });
