import type { Context, TenantContext } from '#core/context.ts';
import { acquireLock } from '#core/db/lock.ts';
import { check } from '../checkout/payments.ts';
import { unfinishedAttempts, unsettledPayments } from '../checkout/queries.ts';
import { settle } from '../checkout/settle.ts';
import { forTenant, tenantIdOf } from '../customers.ts';
import { takesPayments } from '../gateways/service.ts';
import { type InvoiceRow, knownInvoices, openInvoices } from '../invoices/queries.ts';
import { refreshInvoice } from '../projection/invoice.ts';
import { refreshSubscription } from '../projection/subscription.ts';
import { type EngineInvoiceSummary, engineOf } from '../providers/engine.ts';
import { isUnavailable } from '../providers/errors.ts';
import { carryOut } from '../subscriptions/orders.ts';
import { overdueOrders, runningSubscriptions, subscriptionById } from '../subscriptions/queries.ts';

const ORDER_AGE_MS = 15_000;
const RECENT_DAYS = 3;
const DAY_MS = 86_400_000;

type Part = 'orders' | 'payment_attempts' | 'payments' | 'subscriptions' | 'invoices';

/**
 * Makes the end state right when every webhook was lost: compares what is open here and there with its owner and repairs
 * the difference. One part, or one item, that fails does not keep the others from being looked at.
 */
export async function reconcile(ctx: Context): Promise<void> {
  const release = await acquireLock(ctx.db, 'billing/reconcile', 0);
  // The round before is still at it.
  if (!release) return;
  try {
    await part(ctx, 'orders', reconcileOrders);
    await part(ctx, 'payment_attempts', reconcileAttempts);
    await part(ctx, 'payments', reconcilePayments);
    await part(ctx, 'subscriptions', reconcileSubscriptions);
    await part(ctx, 'invoices', reconcileInvoices);
  } finally {
    await release();
  }
}

type Repair = (tenantId: string, what: string, work: (ctx: TenantContext) => Promise<boolean>) => Promise<void>;

async function part(ctx: Context, name: Part, run: (ctx: Context, repair: Repair) => Promise<void>): Promise<void> {
  const repair: Repair = async (tenantId, what, work) => {
    try {
      if (!(await forTenant(ctx, tenantId, work))) return;
      ctx.metrics.reconciled.inc({ reconciler: `billing_${name}` });
      ctx.log.warn({ tenantId, what, reconciler: name }, 'repaired what no webhook told');
    } catch (error) {
      // Who does not answer now will not answer for the next item either.
      if (isUnavailable(error)) throw error;
      ctx.log.warn(
        { err: error, tenantId, what, reconciler: name },
        'could not be compared; the next round tries again',
      );
    }
  };
  try {
    await run(ctx, repair);
  } catch (error) {
    ctx.log.warn({ err: error, reconciler: name }, 'reconciler stopped early; the next round tries again');
  }
}

/** Ordered, and not carried out: its job gave up, or was waiting for the engine too long. */
async function reconcileOrders(ctx: Context, repair: Repair): Promise<void> {
  for (const row of await overdueOrders(ctx, ORDER_AGE_MS))
    await repair(row.tenant_id, row.id, async (ctx) => {
      await carryOut(ctx, row.id);
      return true;
    });
}

async function reconcileAttempts(ctx: Context, repair: Repair): Promise<void> {
  // Attempts of a time when there was a provider: nobody can be asked about them.
  if (!takesPayments(ctx)) return;
  for (const row of await unfinishedAttempts(ctx))
    await repair(row.tenant_id, row.id, async (ctx) => (await check(ctx, row.id)) !== 'nothing new');
}

async function reconcilePayments(ctx: Context, repair: Repair): Promise<void> {
  for (const row of await unsettledPayments(ctx))
    await repair(row.tenant_id, row.id, async (ctx) => {
      await settle(ctx, row.id);
      return true;
    });
}

/** What runs there and not here, and the other way round. */
async function reconcileSubscriptions(ctx: Context, repair: Repair): Promise<void> {
  const running = new Map((await runningSubscriptions(ctx)).map((row) => [row.id, row]));
  for await (const remote of engineOf(ctx).activeSubscriptions()) {
    const here = running.get(remote.id);
    running.delete(remote.id);
    if (here?.price_code === remote.planCode) continue;
    const row = await subscriptionById(ctx, remote.id);
    if (row) await repair(row.tenant_id, row.id, (ctx) => refreshSubscription(ctx, row.id));
  }
  for (const row of running.values()) await repair(row.tenant_id, row.id, (ctx) => refreshSubscription(ctx, row.id));
}

/** Every unpaid one of both sides, and all of the last days. */
async function reconcileInvoices(ctx: Context, repair: Repair): Promise<void> {
  const seen = new Set<string>();
  const compare = async (remote: EngineInvoiceSummary) => {
    if (seen.has(remote.id)) return;
    seen.add(remote.id);
    const [here] = await knownInvoices(ctx, [remote.id]);
    const tenantId = here?.tenant_id ?? tenantIdOf(remote.customerId);
    if (tenantId === undefined || (here && saysTheSame(here, remote))) return;
    await repair(tenantId, remote.number, (ctx) => refreshInvoice(ctx, remote.id));
  };
  const engine = engineOf(ctx);
  for await (const remote of engine.unpaidInvoices()) await compare(remote);
  for await (const remote of engine.invoicesSince(new Date(Date.now() - RECENT_DAYS * DAY_MS))) await compare(remote);
  for (const row of await openInvoices(ctx))
    if (!seen.has(row.lago_id)) await repair(row.tenant_id, row.id, (ctx) => refreshInvoice(ctx, row.lago_id));
}

function saysTheSame(here: InvoiceRow, remote: EngineInvoiceSummary): boolean {
  return (
    here.status === remote.status &&
    here.payment_status === remote.paymentStatus &&
    here.total_minor === remote.totalMinor &&
    (here.is_overdue === 1) === remote.isOverdue
  );
}
