import type { TenantContext } from '#core/context.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { newId } from '#core/ids.ts';
import { enqueue } from '#core/jobs/enqueue.ts';
import { mailPaymentFailed } from '../invoices/mails.ts';
import { type InvoiceRow, invoices } from '../invoices/queries.ts';
import { eventOf, projectInvoice } from '../projection/invoice.ts';
import { engineOf } from '../providers/engine.ts';
import { type CheckoutSession, stripeGateway } from '../providers/stripe/stripe.ts';
import { invoiceFailed } from '../schemas.ts';
import { isWithdrawn } from '../subscriptions/withdrawn.ts';
import { type AttemptRow, type PaymentRow, type RefundReason, attempts, payments } from './queries.ts';
import { announceRefund } from './refunds.ts';
import { settlePayment } from './schemas.ts';

/** What reading an attempt's payment page led to, for the trace of the webhook or the reconciler's count. */
export type Outcome = 'nothing new' | 'paid' | 'expired' | 'declined' | 'refused: not the payment we asked for';

/** Reads the payment page from the provider and acts on what it says. In the caller's turn for the tenant. */
export async function check(ctx: TenantContext, attemptId: string, session?: CheckoutSession): Promise<Outcome> {
  const attempt = await attempts(ctx, ctx.tenantId).find(attemptId);
  if (!attempt || (attempt.state === 'paid' && !session)) return 'nothing new';
  const sessionId = attempt.provider_session_id ?? session?.id;
  if (sessionId === undefined) return 'nothing new';
  const page = session ?? (await stripeGateway(ctx).readCheckout(sessionId));
  if (page.isPaid) return isOurs(attempt, page) ? receive(ctx, attempt, page) : refuse(ctx, attempt, page);
  if (page.status === 'expired') return expire(ctx, attempt);
  return page.failure === null ? 'nothing new' : decline(ctx, attempt, page.failure);
}

/** Amount, currency and whose it is must be what we asked for, on the very page that we opened. */
function isOurs(attempt: AttemptRow, page: CheckoutSession): boolean {
  const { metadata } = page;
  return (
    page.amountMinor === attempt.amount_minor &&
    page.currency === attempt.currency &&
    page.paymentId !== null &&
    (attempt.provider_session_id === null || attempt.provider_session_id === page.id) &&
    metadata['attempt_id'] === attempt.id &&
    metadata['tenant_id'] === attempt.tenant_id &&
    metadata['invoice_id'] === attempt.invoice_id
  );
}

/** Nothing is believed of it; a person finds the problem at the attempt and in the log. */
async function refuse(ctx: TenantContext, attempt: AttemptRow, page: CheckoutSession): Promise<Outcome> {
  const outcome = 'refused: not the payment we asked for';
  const { amountMinor, currency, paymentId } = page;
  ctx.log.error({ attemptId: attempt.id, amountMinor, currency, paymentId }, 'a payment does not match its attempt');
  await attempts(ctx, ctx.tenantId).update(attempt.id, {
    problem: `${outcome}: ${amountMinor} ${currency}`,
  });
  return outcome;
}

/** Into the ledger, once. The first payment of an invoice settles it; any other is money to give back. */
function receive(ctx: TenantContext, attempt: AttemptRow, page: CheckoutSession): Promise<Outcome> {
  const providerPaymentId = page.paymentId ?? page.id;
  return withTransaction(ctx, async (ctx) => {
    const ledger = payments(ctx, ctx.tenantId);
    const isOrderWithdrawn = await isWithdrawn(ctx, attempt.invoice_id);
    const invoice = await invoices(ctx, ctx.tenantId).lock(attempt.invoice_id);
    if (!invoice) throw new Error(`The attempt ${attempt.id} is for an invoice that is not there`);
    await attempts(ctx, ctx.tenantId).update(attempt.id, {
      state: 'paid',
      live_invoice_id: null,
      provider_session_id: page.id,
      problem: null,
    });
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
    if (reason === null)
      await enqueue(ctx, settlePayment, {
        tenantId: ctx.tenantId,
        paymentId: id,
      });
    else await announceRefund(ctx, invoice, payment, reason);
    return 'paid';
  });
}

async function whyUnpayable(ctx: TenantContext, invoice: InvoiceRow): Promise<RefundReason | null> {
  if (await payments(ctx, ctx.tenantId).settling(invoice.id)) return 'invoice_already_paid';
  if (invoice.payment_status === 'succeeded') return 'invoice_already_paid';
  return invoice.status === 'voided' ? 'invoice_voided' : null;
}

async function expire(ctx: TenantContext, attempt: AttemptRow): Promise<Outcome> {
  if (attempt.state === 'expired') return 'nothing new';
  await attempts(ctx, ctx.tenantId).update(attempt.id, {
    state: 'expired',
    live_invoice_id: null,
  });
  return 'expired';
}

/** The page stays open for another card; the customer hears of it once per attempt, for they may have gone. */
function decline(ctx: TenantContext, attempt: AttemptRow, reason: string): Promise<Outcome> {
  return withTransaction(ctx, async (ctx) => {
    const current = await attempts(ctx, ctx.tenantId).lock(attempt.id);
    const invoice = await invoices(ctx, ctx.tenantId).find(attempt.invoice_id);
    if (!invoice || !current || current.state === 'paid' || current.problem === reason) return 'nothing new';
    await attempts(ctx, ctx.tenantId).update(attempt.id, { problem: reason });
    await enqueue(ctx, invoiceFailed, {
      ...(await eventOf(ctx, invoice)),
      attempt: attempt.id,
      reason,
    });
    await mailPaymentFailed(ctx, invoice, { id: attempt.id, reason });
    return 'declined';
  });
}

/**
 * Tells the engine that the invoice is paid, and believes it only when it says so itself (contracts/billing.md F4).
 * In the caller's turn for the tenant.
 */
export async function settle(ctx: TenantContext, paymentId: string): Promise<void> {
  const ledger = payments(ctx, ctx.tenantId);
  const payment = await ledger.find(paymentId);
  if (payment?.state !== 'settling') return;
  const invoice = await invoices(ctx, ctx.tenantId).find(payment.invoice_id);
  if (!invoice) throw new Error(`The payment ${paymentId} is for an invoice that is not there`);
  const engine = engineOf(ctx);
  const read = async () => {
    const remote = await engine.readInvoice(invoice.lago_id);
    if (!remote) throw new Error(`${engine.name} does not know the invoice ${invoice.lago_id}`);
    return remote;
  };
  let remote = await read();
  if (remote.status !== 'voided' && remote.paymentStatus !== 'succeeded') {
    const { provider, provider_payment_id: reference } = payment;
    await engine.markPaid(invoice.lago_id, { provider, reference });
    remote = await read();
  }
  const { status, paymentStatus } = remote;
  if (status === 'voided') await giveBack(ctx, invoice, payment);
  else if (paymentStatus !== 'succeeded')
    throw new Error(`${engine.name} still says ${paymentStatus} of ${invoice.lago_id}`);
  await projectInvoice(ctx, remote);
  await ledger.markSettled(paymentId);
}

function giveBack(ctx: TenantContext, invoice: InvoiceRow, payment: PaymentRow): Promise<void> {
  return withTransaction(ctx, async (ctx) => {
    if (await payments(ctx, ctx.tenantId).markRefundDue(payment.id, 'invoice_voided'))
      await announceRefund(ctx, invoice, payment, 'invoice_voided');
  });
}
