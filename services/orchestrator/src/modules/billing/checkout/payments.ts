import type { TenantContext } from '#core/context.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { newId } from '#core/ids.ts';
import { enqueue } from '#core/jobs/enqueue.ts';
import type { CheckoutPage, PaymentGateway } from '../gateways/gateway.ts';
import { findGateway } from '../gateways/service.ts';
import { mailPaymentFailed } from '../invoices/mails.ts';
import { keepCard } from '../cards/schemas.ts';
import { type InvoiceRow, invoices } from '../invoices/queries.ts';
import { eventOf } from '../projection/invoice.ts';
import { invoiceFailed } from '../schemas.ts';
import { isWithdrawn } from '../subscriptions/withdrawn.ts';
import { lookUp } from './look-up.ts';
import { mailOwnerNeeded } from './mails.ts';
import { type AttemptRow, type RefundReason, attempts, payments } from './queries.ts';
import { announceRefund } from './refunds.ts';
import { closeOtherPage, settlePayment } from './schemas.ts';

/** What reading an attempt's payment page led to, for the trace of the webhook or the reconciler's count. */
export type Outcome =
  'nothing new' | 'paid' | 'expired' | 'declined' | 'failed' | 'refused: not the payment we asked for';

/** Reads the payment page from the provider and acts on what it says. In the caller's turn for the tenant. */
export async function check(ctx: TenantContext, attemptId: string, found?: CheckoutPage): Promise<Outcome> {
  const attempt = await attempts(ctx, ctx.tenantId).find(attemptId);
  if (!attempt || (attempt.state === 'paid' && !found)) return 'nothing new';
  // Of a time when there was such a provider: nobody can be asked about it.
  const gateway = findGateway(ctx, attempt.provider);
  const page = found ?? (gateway && (await lookUp(ctx, gateway, attempt)));
  if (!gateway || !page) return 'nothing new';
  if (page.isPaid) return isOurs(gateway, attempt, page) ? receive(ctx, attempt, page) : refuse(ctx, attempt, page);
  // Money may come by a page that never reached us, but its end is not the attempt's.
  if (attempt.provider_session_id !== null && attempt.provider_session_id !== page.id) return 'nothing new';
  if (page.status === 'expired') return expire(ctx, attempt);
  if (page.status === 'failed') return fail(ctx, attempt, page);
  return page.failure === null ? 'nothing new' : decline(ctx, attempt, page.failure);
}

/** Amount, currency, mode and whose it is must be what we asked for, on the very page that we opened. */
function isOurs(gateway: PaymentGateway, attempt: AttemptRow, page: CheckoutPage): boolean {
  const { metadata } = page;
  // Without idempotency keys a lost answer leaves a page of ours whose id we never heard; only our key writes metadata.
  const isItsPage = attempt.provider_session_id === null || attempt.provider_session_id === page.id;
  return (
    page.amountMinor === attempt.amount_minor &&
    page.currency === attempt.currency &&
    page.paymentId !== null &&
    (gateway.isLive === null || page.isLive === gateway.isLive) &&
    (isItsPage || gateway.pagesOf !== undefined) &&
    metadata['attempt_id'] === attempt.id &&
    metadata['tenant_id'] === attempt.tenant_id &&
    metadata['invoice_id'] === attempt.invoice_id
  );
}

/** Nothing is believed of it; a person finds the problem at the attempt and in the log. */
async function refuse(ctx: TenantContext, attempt: AttemptRow, page: CheckoutPage): Promise<Outcome> {
  const outcome = 'refused: not the payment we asked for';
  const { amountMinor, currency, paymentId } = page;
  ctx.log.error({ attemptId: attempt.id, amountMinor, currency, paymentId }, 'a payment does not match its attempt');
  await attempts(ctx, ctx.tenantId).update(attempt.id, { problem: `${outcome}: ${amountMinor} ${currency}` });
  return outcome;
}

/** Into the ledger, once. The first payment of an invoice settles it; any other is money to give back. */
function receive(ctx: TenantContext, attempt: AttemptRow, page: CheckoutPage): Promise<Outcome> {
  const providerPaymentId = page.paymentId ?? page.id;
  return withTransaction(ctx, async (ctx) => {
    const ledger = payments(ctx, ctx.tenantId);
    const isOrderWithdrawn = await isWithdrawn(ctx, attempt.invoice_id);
    const invoice = await invoices(ctx, ctx.tenantId).lock(attempt.invoice_id);
    if (!invoice) throw new Error(`The attempt ${attempt.id} is for an invoice that is not there`);
    await attempts(ctx, ctx.tenantId).update(attempt.id, {
      state: 'paid',
      live_invoice_id: null,
      provider_session_id: attempt.provider_session_id ?? page.id,
      problem: null,
    });
    await closeTheOther(ctx, attempt, page);
    if (await ledger.byProviderId(attempt.provider, providerPaymentId)) return 'nothing new';
    const reason = (await whyUnpayable(ctx, invoice)) ?? (isOrderWithdrawn ? 'subscription_canceled' : null);
    const id = newId('payment');
    const payment = {
      id,
      invoice_id: invoice.id,
      attempt_id: attempt.id,
      provider: attempt.provider,
      provider_payment_id: providerPaymentId,
      settles_invoice_id: reason === null ? invoice.id : null,
      amount_minor: page.amountMinor,
      currency: page.currency,
      state: reason === null ? 'settling' : 'refund_due',
      reason,
    } as const;
    await ledger.insertNew(payment);
    if (attempt.keep_card) await enqueue(ctx, keepCard, { tenantId: ctx.tenantId, paymentId: id });
    if (reason === null) await enqueue(ctx, settlePayment, { tenantId: ctx.tenantId, paymentId: id });
    else await announceRefund(ctx, invoice, payment, reason);
    return 'paid';
  });
}

async function closeTheOther(ctx: TenantContext, attempt: AttemptRow, page: CheckoutPage): Promise<void> {
  const { id: attemptId, provider_session_id: own } = attempt;
  if (own !== null && own !== page.id)
    await enqueue(ctx, closeOtherPage, { tenantId: ctx.tenantId, attemptId, pageId: own });
}

async function whyUnpayable(ctx: TenantContext, invoice: InvoiceRow): Promise<RefundReason | null> {
  if (await payments(ctx, ctx.tenantId).settling(invoice.id)) return 'invoice_already_paid';
  if (invoice.payment_status === 'succeeded') return 'invoice_already_paid';
  return invoice.status === 'voided' ? 'invoice_voided' : null;
}

async function expire(ctx: TenantContext, attempt: AttemptRow): Promise<Outcome> {
  if (attempt.state === 'expired') return 'nothing new';
  await attempts(ctx, ctx.tenantId).update(attempt.id, { state: 'expired', live_invoice_id: null });
  return 'expired';
}

/** The page stays open for another card; the customer hears of it once per attempt, for they may have gone. */
function decline(ctx: TenantContext, attempt: AttemptRow, reason: string): Promise<Outcome> {
  return withTransaction(ctx, async (ctx) => {
    const current = await attempts(ctx, ctx.tenantId).lock(attempt.id);
    const invoice = await invoices(ctx, ctx.tenantId).find(attempt.invoice_id);
    if (!invoice || !current || current.state === 'paid' || current.problem === reason) return 'nothing new';
    await attempts(ctx, ctx.tenantId).update(attempt.id, { problem: reason });
    await announceFailure(ctx, invoice, { id: attempt.id, reason });
    return 'declined';
  });
}

/** For good: the customer needs another page, or to tell the bank that it is them. */
function fail(ctx: TenantContext, attempt: AttemptRow, page: CheckoutPage): Promise<Outcome> {
  const { id, failure, needsOwner } = page;
  return endFailed(ctx, attempt, { pageId: id, reason: failure, needsOwner });
}

/** The kept card cannot be charged, and no charge of it is to be found. */
export async function giveUpCharge(ctx: TenantContext, attempt: AttemptRow, reason: string): Promise<void> {
  await endFailed(ctx, attempt, { pageId: null, reason, needsOwner: false });
}

interface Failure {
  pageId: string | null;
  reason: string | null;
  needsOwner: boolean;
}

/** Told once per attempt. */
function endFailed(ctx: TenantContext, { id }: AttemptRow, { pageId, reason, needsOwner }: Failure): Promise<Outcome> {
  return withTransaction(ctx, async (ctx) => {
    const attempt = await attempts(ctx, ctx.tenantId).lock(id);
    if (!attempt || !['creating', 'open'].includes(attempt.state)) return 'nothing new';
    const invoice = await invoices(ctx, ctx.tenantId).find(attempt.invoice_id);
    if (!invoice) throw new Error(`The attempt ${id} is for an invoice that is not there`);
    await attempts(ctx, ctx.tenantId).update(id, {
      state: 'failed',
      live_invoice_id: null,
      provider_session_id: attempt.provider_session_id ?? pageId,
      problem: reason,
    });
    if (needsOwner) await mailOwnerNeeded(ctx, invoice, id);
    else await announceFailure(ctx, invoice, { id, reason });
    return 'failed';
  });
}

async function announceFailure(
  ctx: TenantContext,
  invoice: InvoiceRow,
  attempt: { id: string; reason: string | null },
): Promise<void> {
  const { id, reason } = attempt;
  await enqueue(ctx, invoiceFailed, { ...(await eventOf(ctx, invoice)), attempt: id, reason });
  await mailPaymentFailed(ctx, invoice, attempt);
}
