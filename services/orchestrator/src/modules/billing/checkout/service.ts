import type { TenantContext } from '#core/context.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { NotFound, defineError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { enqueue } from '#core/jobs/enqueue.ts';
import { record } from '#modules/audit/service.ts';
import { ownersOf } from '#modules/identity/members/service.ts';
import { getTenant } from '#modules/identity/tenants/service.ts';
import { type InvoiceRow, invoices } from '../invoices/queries.ts';
import { PaymentsNotConfigured, ProviderRefused, isKeptFailure } from '../providers/errors.ts';
import { type CheckoutSession, stripeGateway, takesPayments } from '../providers/stripe/stripe.ts';
import { isWithdrawn } from '../subscriptions/withdrawn.ts';
import { closeAttempt } from './close.ts';
import { paymentCustomers } from './customers.ts';
import { type AttemptRow, attempts, payments } from './queries.ts';
import { type Checkout, checkAttempt } from './schemas.ts';

type Obstacle = 'paid' | 'processing' | 'voided' | 'withdrawn' | 'zero';

export const InvoiceNotPayable = defineError<{ invoiceId: string; reason: Obstacle }>(
  'invoice.not_payable',
  409,
  (d) => `The invoice cannot be paid: ${d.reason}.`,
);
export const PaymentRefused = defineError<{ reason: string }>(
  'payment.refused',
  422,
  (d) => `The payment provider does not take this payment: ${d.reason}`,
);

/** A page younger than this is given again; Stripe keeps it open longer, so that who has it open can finish. */
const REUSE_MS = 25 * 60_000;
/** At least 30 minutes from the call (Stripe's rule), also when the call is made for the last time after REUSE_MS. */
const LIFE_MS = 60 * 60_000;
/** When most have paid or given up: whoever comes back need not wait for the reconciler when a webhook is lost. */
const LOOK_AFTER_S = [30, 120, 300];

/**
 * A payment page for the invoice. The attempt's row is written before the provider is called and its id is the
 * idempotency key: a second request, or one after a lost answer, leads to the same page.
 */
export async function createCheckout(ctx: TenantContext, invoiceId: string): Promise<Checkout> {
  const invoice = await requirePayable(ctx, invoiceId);
  if (!takesPayments(ctx)) throw PaymentsNotConfigured();
  const attempt = await liveAttempt(ctx, invoice);
  return attempt.state === 'open' ? present(attempt) : openPage(ctx, invoice, attempt);
}

async function requirePayable(ctx: TenantContext, invoiceId: string): Promise<InvoiceRow> {
  const invoice = await invoices(ctx, ctx.tenantId).find(invoiceId);
  if (!invoice) throw NotFound({ entity: 'invoice', id: invoiceId });
  const refuse = (reason: Obstacle) => InvoiceNotPayable({ invoiceId, reason });
  if (invoice.payment_status === 'succeeded') throw refuse('paid');
  if (invoice.status !== 'finalized') throw refuse('voided');
  if (invoice.total_minor <= 0) throw refuse('zero');
  if (await isWithdrawn(ctx, invoiceId)) throw refuse('withdrawn');
  if (await payments(ctx, ctx.tenantId).settling(invoiceId)) throw refuse('processing');
  return invoice;
}

async function liveAttempt(ctx: TenantContext, invoice: InvoiceRow): Promise<AttemptRow> {
  const rows = attempts(ctx, ctx.tenantId);
  const live = await rows.liveOf(invoice.id);
  if (live && Date.now() - live.created_at.getTime() < REUSE_MS) return live;
  if (live) await replace(ctx, invoice, live);
  await withTransaction(ctx, async (ctx) => {
    // Its order may have been taken back since we looked; from here on it cannot be, until this attempt can be seen.
    if (await isWithdrawn(ctx, invoice.id)) throw InvoiceNotPayable({ invoiceId: invoice.id, reason: 'withdrawn' });
    const id = newId('paymentAttempt');
    await attempts(ctx, ctx.tenantId).insertLive({
      id,
      invoice_id: invoice.id,
      provider: 'stripe',
      amount_minor: invoice.total_minor,
      currency: invoice.currency,
      expires_at: new Date(Date.now() + LIFE_MS),
    });
    if (await attempts(ctx, ctx.tenantId).find(id))
      await record(ctx, { action: 'invoice.checkout', subject: invoice.id, details: { attemptId: id } });
  });
  const created = await rows.liveOf(invoice.id);
  // Between our insert and here the page of another request may have been paid.
  if (!created) throw InvoiceNotPayable({ invoiceId: invoice.id, reason: 'processing' });
  return created;
}

/** The old page is closed before a new one opens: two open pages invite two payments. */
async function replace(ctx: TenantContext, invoice: InvoiceRow, old: AttemptRow): Promise<void> {
  if (await closeAttempt(ctx, old)) return;
  await enqueue(ctx, checkAttempt, { tenantId: ctx.tenantId, attemptId: old.id, reason: 'paid_when_replaced' });
  throw InvoiceNotPayable({ invoiceId: invoice.id, reason: 'processing' });
}

async function openPage(ctx: TenantContext, invoice: InvoiceRow, attempt: AttemptRow): Promise<Checkout> {
  const customerId = await customerOf(ctx);
  const returnTo = (result: string) => `${ctx.config.PUBLIC_URL}/billing/return?invoice=${invoice.id}&result=${result}`;
  let page: CheckoutSession;
  let opened: AttemptRow | undefined;
  try {
    page = await stripeGateway(ctx).createCheckout({
      attemptId: attempt.id,
      tenantId: ctx.tenantId,
      invoiceId: invoice.id,
      customerId,
      currency: attempt.currency,
      amountMinor: attempt.amount_minor,
      title: `Invoice ${invoice.number}`,
      successUrl: returnTo('success'),
      cancelUrl: returnTo('cancel'),
      expiresAt: attempt.expires_at,
    });
    opened = await keepPage(ctx, attempt.id, page);
  } catch (error) {
    return await failedToOpen(ctx, attempt, error);
  }
  if (opened) return present(opened);
  await stripeGateway(ctx).expireCheckout(page.id);
  await requirePayable(ctx, invoice.id);
  throw InvoiceNotPayable({ invoiceId: invoice.id, reason: 'processing' });
}

const lookLater = (ctx: TenantContext, attemptId: string, afterS: number): Promise<void> =>
  enqueue(
    ctx,
    checkAttempt,
    { tenantId: ctx.tenantId, attemptId, reason: `after_${afterS}s` },
    { delayMs: afterS * 1000 },
  );

/** Undefined when the attempt was ended while its page was being opened: nobody may be given that page. */
function keepPage(ctx: TenantContext, attemptId: string, page: CheckoutSession): Promise<AttemptRow | undefined> {
  return withTransaction(ctx, async (ctx) => {
    const rows = attempts(ctx, ctx.tenantId);
    const current = await rows.lock(attemptId);
    if (!current || current.live_invoice_id === null) return undefined;
    const change = { state: 'open', provider_session_id: page.id, url: page.url } as const;
    await rows.update(attemptId, change);
    for (const afterS of LOOK_AFTER_S) await lookLater(ctx, attemptId, afterS);
    return { ...current, ...change };
  });
}

/** A refusal ends the attempt; without an answer the next request asks again under the same key. */
async function failedToOpen(ctx: TenantContext, attempt: AttemptRow, error: unknown): Promise<never> {
  // Stripe keeps a 5xx under its idempotency key as well: only a new attempt can get another answer.
  const isOver = error instanceof ProviderRefused || isKeptFailure(error);
  if (isOver) {
    const change = { state: 'failed', live_invoice_id: null, problem: (error as Error).message } as const;
    await attempts(ctx, ctx.tenantId).update(attempt.id, change);
  }
  if (error instanceof ProviderRefused) throw PaymentRefused({ reason: String(error.details) }, { cause: error });
  throw error;
}

/** The tenant at Stripe; cards are kept there for renewals. */
async function customerOf(ctx: TenantContext): Promise<string> {
  const known = paymentCustomers(ctx, ctx.tenantId);
  const existing = await known.find('stripe');
  if (existing) return existing;
  const tenant = await getTenant(ctx, ctx.tenantId);
  const [owner] = await ownersOf(ctx);
  const created = await stripeGateway(ctx).createCustomer({
    tenantId: tenant.id,
    name: tenant.name,
    email: owner?.email ?? '',
  });
  await known.keep('stripe', created);
  return (await known.find('stripe')) ?? created;
}

function present(attempt: AttemptRow): Checkout {
  if (attempt.url === null) throw new Error(`The payment page of ${attempt.id} has no address`);
  return { url: attempt.url, attemptId: attempt.id, expiresAt: attempt.expires_at.toISOString() };
}
