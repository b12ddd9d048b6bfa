import type { TenantContext } from '#core/context.ts';
import { AppError } from '#core/errors.ts';
import { paymentCustomers } from '../checkout/customers.ts';
import { InvoiceNotPayable } from '../checkout/errors.ts';
import { check, giveUpCharge } from '../checkout/payments.ts';
import { type AttemptRow, attempts } from '../checkout/queries.ts';
import { requirePayable, startAttempt } from '../checkout/start.ts';
import type { CheckoutPage } from '../gateways/gateway.ts';
import { cardGateway } from '../gateways/service.ts';
import { type InvoiceRow, invoices } from '../invoices/queries.ts';
import { engineOf } from '../providers/engine.ts';
import { ProviderRefused, isKeptFailure } from '../providers/errors.ts';
import { subscriptions } from '../subscriptions/queries.ts';
import { type CardRow, savedCards } from './queries.ts';

/** Stripe forgets an idempotency key after 24 hours; before that the same charge can be asked for again and again. */
const KEY_LIFE_MS = 20 * 3600_000;

type CardGateway = NonNullable<ReturnType<typeof cardGateway>>;

/**
 * Charges the kept card for an invoice of subscriptions that were paid before: their owner agreed to that with the first
 * payment. Once per invoice; what fails is asked for by mail. In the caller's turn for the tenant.
 */
export async function chargeCard(ctx: TenantContext, invoiceId: string): Promise<void> {
  const gateway = cardGateway(ctx);
  if (!gateway || engineOf(ctx).collects !== 'us') return;
  const attempt = await chargeAttempt(ctx, gateway, invoiceId);
  if (attempt?.state !== 'creating') return;
  const card = await savedCards(ctx, ctx.tenantId).find();
  const customerId = await paymentCustomers(ctx, ctx.tenantId).find(gateway.provider);
  if (!card || customerId === undefined) return giveUpCharge(ctx, attempt, 'The card was removed.');
  const page = await charge(ctx, gateway, { attempt, card, customerId });
  if (page) await check(ctx, attempt.id, page);
}

/** The one that was begun, or a new one; undefined when there is nothing to charge, or somebody is paying already. */
async function chargeAttempt(
  ctx: TenantContext,
  gateway: CardGateway,
  invoiceId: string,
): Promise<AttemptRow | undefined> {
  const rows = attempts(ctx, ctx.tenantId);
  const begun = await rows.chargeOf(invoiceId);
  if (begun) return begun;
  const invoice = await invoices(ctx, ctx.tenantId).find(invoiceId);
  if (!invoice || !(await savedCards(ctx, ctx.tenantId).find()) || !(await wasPaidBefore(ctx, invoice)))
    return undefined;
  if (!gateway.takes({ currency: invoice.currency, amountMinor: invoice.total_minor })) return undefined;
  const { provider } = gateway;
  try {
    await requirePayable(ctx, invoiceId);
    const expiresAt = new Date(Date.now() + KEY_LIFE_MS);
    await startAttempt(ctx, invoice, { provider, kind: 'saved_card', keep_card: 0, expires_at: expiresAt });
  } catch (error) {
    if (error instanceof AppError && error.code === InvoiceNotPayable.code) return undefined;
    throw error;
  }
  return rows.chargeOf(invoiceId);
}

/** All that it is for was paid once, so that nothing new is charged that nobody has paid for themselves. */
async function wasPaidBefore(ctx: TenantContext, invoice: InvoiceRow): Promise<boolean> {
  const parts = await invoices(ctx, ctx.tenantId).coveredBy(invoice.id);
  for (const { subscription_id: id } of parts) {
    const row = await subscriptions(ctx, ctx.tenantId).find(id);
    if (!row?.is_default && row?.paid_price_code == null) return false;
  }
  return parts.length > 0;
}

interface Charge {
  attempt: AttemptRow;
  card: CardRow;
  customerId: string;
}

/** Undefined when it is over without an answer to believe. */
async function charge(
  ctx: TenantContext,
  gateway: CardGateway,
  { attempt, card, customerId }: Charge,
): Promise<CheckoutPage | undefined> {
  if (Date.now() > attempt.expires_at.getTime()) return findOrGiveUp(ctx, gateway, { attempt, card, customerId });
  const invoice = await invoices(ctx, ctx.tenantId).find(attempt.invoice_id);
  try {
    return await gateway.cards.charge({
      attemptId: attempt.id,
      tenantId: ctx.tenantId,
      invoiceId: attempt.invoice_id,
      currency: attempt.currency,
      amountMinor: attempt.amount_minor,
      title: `Invoice ${invoice?.number ?? ''}`,
      customerId,
      methodId: card.provider_method_id,
    });
  } catch (error) {
    // The card is gone, or its failure is kept under the key: the same call has the same answer for a day.
    if (error instanceof ProviderRefused || isKeptFailure(error))
      return findOrGiveUp(ctx, gateway, { attempt, card, customerId });
    throw error;
  }
}

async function findOrGiveUp(
  ctx: TenantContext,
  gateway: CardGateway,
  { attempt, customerId }: Charge,
): Promise<CheckoutPage | undefined> {
  const found = await gateway.cards.findCharge(customerId, attempt.id);
  if (!found) await giveUpCharge(ctx, attempt, 'The card could not be charged.');
  return found;
}
