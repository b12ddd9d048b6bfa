import type { Context, TenantContext } from '#core/context.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { defineError } from '#core/errors.ts';
import { record } from '#modules/audit/service.ts';
import { customerAt, paymentCustomers, tenantOfPaymentCustomer } from '../checkout/customers.ts';
import { payments } from '../checkout/queries.ts';
import { forTenant } from '../customers.ts';
import type { PaymentGateway } from '../gateways/gateway.ts';
import { cardGateway, findGateway } from '../gateways/service.ts';
import { ProviderRefused } from '../providers/errors.ts';
import { type CardRow, savedCards, tenantOfCard } from './queries.ts';
import type { PaymentMethod, PaymentMethodPortal } from './schemas.ts';

export const NoCardSaved = defineError('payment.no_card', 404, 'No card is kept for this tenant.');
export const NoPortal = defineError(
  'payment.no_portal',
  409,
  'This server has no payment provider that keeps cards, so there is no page to change one on. Ask its operator.',
);

export const PortalRefused = defineError<{ reason: string }>(
  'payment.portal_refused',
  409,
  (d) => `The payment provider gives no page to change the card on: ${d.reason} Ask the operator of this server.`,
);

export async function getPaymentMethod(ctx: TenantContext): Promise<PaymentMethod> {
  const row = await savedCards(ctx, ctx.tenantId).find();
  return { card: row ? present(row) : null, hasPortal: cardGateway(ctx) !== undefined };
}

/** What falls due later is asked for by mail again. */
export async function removeCard(ctx: TenantContext): Promise<void> {
  const row = await savedCards(ctx, ctx.tenantId).find();
  if (!row) throw NoCardSaved();
  // First there: a card that is gone here and not there would still be charged by nobody, but kept without consent.
  await findGateway(ctx, row.provider)?.cards?.remove(row.provider_method_id);
  await withTransaction(ctx, async (ctx) => {
    if ((await savedCards(ctx, ctx.tenantId).remove(row.provider_method_id)) === 0) return;
    const { brand, last4 } = row;
    await record(ctx, { action: 'payment_method.remove', subject: ctx.tenantId, details: { brand, last4 } });
  });
}

/** On the provider's page cards are changed, and nothing else: subscriptions are ours. */
export async function openPortal(ctx: TenantContext): Promise<PaymentMethodPortal> {
  const gateway = cardGateway(ctx);
  if (!gateway) throw NoPortal();
  const customerId = await customerAt(ctx, gateway);
  if (customerId === null) throw NoPortal();
  try {
    return { url: await gateway.cards.portalUrl(customerId, `${ctx.config.PUBLIC_URL}/billing`) };
  } catch (error) {
    throw error instanceof ProviderRefused ? PortalRefused({ reason: error.said }, { cause: error }) : error;
  }
}

/** After a payment whose payer has agreed to it. In the caller's turn for the tenant. */
export async function keepCardOf(ctx: TenantContext, paymentId: string): Promise<void> {
  const payment = await payments(ctx, ctx.tenantId).find(paymentId);
  if (!payment) return;
  const gateway = findGateway(ctx, payment.provider);
  const customerId = await paymentCustomers(ctx, ctx.tenantId).find(payment.provider);
  if (!gateway?.cards || customerId === undefined) return;
  await gateway.cards.keep(customerId, payment.provider_payment_id);
  await refreshCard(ctx, gateway, customerId);
}

/** Somebody added, changed or removed a card at the provider: on its page, or in the operator's dashboard. */
export async function followCard(
  ctx: Context,
  about: { methodId?: string; customerId?: string | null | undefined },
): Promise<string> {
  const gateway = cardGateway(ctx);
  if (!gateway) return 'ignored';
  const { provider } = gateway;
  // A card that was taken off names no customer any more.
  const tenantId =
    (about.customerId != null ? await tenantOfPaymentCustomer(ctx, provider, about.customerId) : undefined) ??
    (about.methodId === undefined ? undefined : await tenantOfCard(ctx, provider, about.methodId));
  if (tenantId === undefined) return 'ignored: not a customer of ours';
  return forTenant(ctx, tenantId, async (ctx) => {
    const customerId = await paymentCustomers(ctx, tenantId).find(provider);
    if (customerId === undefined) return 'ignored: not a customer of ours';
    return (await refreshCard(ctx, gateway, customerId)) ? 'card changed' : 'nothing new';
  });
}

/** Makes our copy say what the provider keeps. True when something was different. */
async function refreshCard(ctx: TenantContext, gateway: PaymentGateway, customerId: string): Promise<boolean> {
  const card = await gateway.cards?.current(customerId);
  return withTransaction(ctx, async (ctx) => {
    const rows = savedCards(ctx, ctx.tenantId);
    const before = await rows.find();
    if (card) await rows.put(gateway.provider, card);
    else await rows.removeOf(gateway.provider);
    const isSame = before?.provider_method_id === card?.methodId;
    if (isSame) return false;
    const action = card ? 'payment_method.keep' : 'payment_method.remove';
    const { brand, last4 } = card ?? before ?? {};
    await record(ctx, { action, subject: ctx.tenantId, details: { brand, last4 } });
    return true;
  });
}

const present = (row: CardRow) => ({
  brand: row.brand,
  last4: row.last4,
  expMonth: row.exp_month,
  expYear: row.exp_year,
  savedAt: row.saved_at.toISOString(),
});
