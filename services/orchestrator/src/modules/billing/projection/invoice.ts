import type { TenantContext } from '#core/context.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { newId } from '#core/ids.ts';
import { enqueue } from '#core/jobs/enqueue.ts';
import { grant, planOf } from '#modules/catalogue/service.ts';
import { mailInvoice } from '../invoices/mails.ts';
import { type InvoiceRow, invoices } from '../invoices/queries.ts';
import { type EngineInvoice, type InvoicePart, engineOf } from '../providers/engine.ts';
import { invoiceFailed, invoiceIssued, invoiceOverdue, invoicePaid } from '../schemas.ts';
import { subscriptionChanges } from '../subscriptions/changes/queries.ts';
import { type SubscriptionRow, subscriptions } from '../subscriptions/queries.ts';
import { differs } from './differs.ts';
import { refreshSubscription } from './subscription.ts';

/** Others (draft, open, generating…) are not yet anybody's business. */
const VISIBLE = new Set(['finalized', 'voided']);

/** A part of the invoice whose subscription is ours. */
interface Covered extends InvoicePart {
  subscription: SubscriptionRow;
}

/** Reads the invoice from the engine and makes our copy say the same. True when something was different. */
export async function refreshInvoice(ctx: TenantContext, engineId: string): Promise<boolean> {
  const remote = await engineOf(ctx).readInvoice(engineId);
  return remote ? projectInvoice(ctx, remote) : false;
}

/** In the caller's turn for the tenant: `remote` must have been read, by its id, in it. */
export async function projectInvoice(ctx: TenantContext, remote: EngineInvoice): Promise<boolean> {
  if (!VISIBLE.has(remote.status)) return false;
  const { parts } = remote;
  // The news of the start, of another plan or of the next period may still be on its way: rights need to know of it.
  for (const part of parts) {
    const known = await subscriptions(ctx, ctx.tenantId).find(part.subscriptionId);
    if (known && isBehind(known, part, remote)) await refreshSubscription(ctx, known.id);
  }
  return withTransaction(ctx, async (ctx) => {
    const covered = await lockCovered(ctx, parts);
    const { row, isNew } = await upsert(ctx, remote, covered);
    const isChanged = await update(ctx, row, remote, covered);
    if (isNew) await announceIssue(ctx, row, remote);
    return isNew || isChanged;
  });
}

function isBehind(row: SubscriptionRow, { priceCode }: InvoicePart, { createdAt }: EngineInvoice): boolean {
  if (row.status !== 'active') return row.status === 'pending';
  const isMoved = priceCode !== null && priceCode !== row.price_code;
  return isMoved || row.period_ends_at === null || row.period_ends_at <= createdAt;
}

async function lockCovered(ctx: TenantContext, parts: readonly InvoicePart[]): Promise<Covered[]> {
  const covered: Covered[] = [];
  for (const part of parts) {
    const subscription = await subscriptions(ctx, ctx.tenantId).lock(part.subscriptionId);
    if (subscription) covered.push({ ...part, subscription });
  }
  return covered;
}

async function upsert(
  ctx: TenantContext,
  remote: EngineInvoice,
  covered: readonly Covered[],
): Promise<{ row: InvoiceRow; isNew: boolean }> {
  const rows = invoices(ctx, ctx.tenantId);
  const existing = await rows.lockByLagoId(remote.id);
  if (existing) return { row: existing, isNew: false };
  const [main] = covered;
  const priceCode = main?.priceCode ?? main?.subscription.price_code ?? null;
  const id = newId('invoice', remote.createdAt);
  await rows.insertNew({
    id,
    lago_id: remote.id,
    subscription_id: main?.subscriptionId ?? null,
    price_code: priceCode,
    description: describe(ctx, remote, priceCode),
    number: remote.number,
    status: remote.status,
    payment_status: 'pending',
    is_overdue: 0,
    currency: remote.currency,
    total_minor: remote.totalMinor,
    issued_at: remote.issuedAt,
    due_at: remote.dueAt,
    paid_at: null,
    lago_updated_at: remote.updatedAt,
  });
  const row = await rows.lockByLagoId(remote.id);
  if (!row) throw new Error(`The invoice ${remote.id} belongs to another tenant`);
  await rows.cover(
    row.id,
    covered.map((part) => ({
      subscription_id: part.subscriptionId,
      price_code: part.priceCode,
      amount_minor: part.amountMinor,
    })),
  );
  return { row, isNew: row.id === id };
}

async function update(
  ctx: TenantContext,
  row: InvoiceRow,
  remote: EngineInvoice,
  covered: readonly Covered[],
): Promise<boolean> {
  const isPaid = remote.paymentStatus === 'succeeded' && row.paid_at === null;
  const change = {
    status: remote.status,
    payment_status: remote.paymentStatus,
    is_overdue: remote.isOverdue ? (1 as const) : (0 as const),
    total_minor: remote.totalMinor,
    number: remote.number,
    due_at: remote.dueAt,
    paid_at: isPaid ? new Date() : row.paid_at,
    lago_updated_at: remote.updatedAt,
  };
  const { lago_updated_at: _updated, ...told } = change;
  const isChanged = isPaid || differs(row, told);
  if (isChanged) await invoices(ctx, ctx.tenantId).update(row.id, change);
  if (isPaid) {
    for (const part of covered) await raiseRights(ctx, part, remote.createdAt);
    await finishUpgrade(ctx, row.id);
    await enqueue(ctx, invoicePaid, await eventOf(ctx, row));
  }
  if (remote.isOverdue && !row.is_overdue) await enqueue(ctx, invoiceOverdue, await eventOf(ctx, row));
  if (remote.paymentStatus === 'failed' && row.payment_status !== 'failed')
    await enqueue(ctx, invoiceFailed, { ...(await eventOf(ctx, row)), attempt: 'engine', reason: null });
  return isChanged;
}

/**
 * Paid means paid: the plan whose fee was on the invoice, on a subscription that still runs. An old invoice that is paid
 * late does not undo what has become of the plan since.
 */
async function raiseRights(ctx: TenantContext, part: Covered, issuedAt: Date): Promise<void> {
  const { subscription, priceCode } = part;
  if (priceCode === null || subscription.is_withdrawn) return;
  if (subscription.rights_from && issuedAt < subscription.rights_from) return;
  const rights = { paid_price_code: priceCode, rights_from: issuedAt };
  await subscriptions(ctx, ctx.tenantId).update(subscription.id, rights);
  if (subscription.status === 'active') await grant(ctx, { source: subscription.id, planCode: priceCode });
}

async function finishUpgrade(ctx: TenantContext, invoiceId: string): Promise<void> {
  const changes = subscriptionChanges(ctx, ctx.tenantId);
  const change = await changes.lockByInvoice(invoiceId);
  if (change?.state === 'awaiting_payment') await changes.finish(change.id, 'done');
}

async function announceIssue(ctx: TenantContext, row: InvoiceRow, remote: EngineInvoice): Promise<void> {
  await enqueue(ctx, invoiceIssued, await eventOf(ctx, row));
  const isOwed = remote.status === 'finalized' && remote.paymentStatus !== 'succeeded';
  if (isOwed && remote.totalMinor > 0) await mailInvoice(ctx, row);
}

/** What an internal event says of the invoice. */
export async function eventOf(ctx: TenantContext, row: InvoiceRow) {
  const plan = row.price_code === null ? undefined : planOf(ctx, row.price_code);
  const parts = await invoices(ctx, ctx.tenantId).coveredBy(row.id);
  const covers = await Promise.all(
    parts.map(async ({ subscription_id: id }) => {
      const subscription = await subscriptions(ctx, ctx.tenantId).find(id);
      return subscription ? [{ subscriptionId: id, line: subscription.line, planKey: subscription.plan_key }] : [];
    }),
  );
  return {
    tenantId: ctx.tenantId,
    invoiceId: row.id,
    subscriptionId: row.subscription_id,
    line: plan?.line ?? null,
    planKey: plan?.key ?? null,
    covers: covers.flat(),
  };
}

function describe(ctx: TenantContext, remote: EngineInvoice, priceCode: string | null): string | null {
  const plan = priceCode === null ? undefined : planOf(ctx, priceCode);
  return plan?.name.en ?? remote.title;
}
