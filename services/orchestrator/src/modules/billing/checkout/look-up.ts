import type { TenantContext } from '#core/context.ts';
import type { CheckoutPage, PaymentGateway } from '../gateways/gateway.ts';
import { paymentCustomers } from './customers.ts';
import type { AttemptRow } from './queries.ts';

/** The attempt's page, or its charge, as the provider has it now; undefined when it has none yet that we know of. */
export async function lookUp(
  ctx: TenantContext,
  gateway: PaymentGateway,
  attempt: AttemptRow,
): Promise<CheckoutPage | undefined> {
  const { id, kind, provider, provider_session_id: pageId } = attempt;
  if (pageId !== null) return gateway.readCheckout(pageId);
  if (kind === 'page') return undefined;
  // The answer of a charge may have been lost.
  const customerId = await paymentCustomers(ctx, ctx.tenantId).find(provider);
  return customerId === undefined ? undefined : gateway.cards?.findCharge(customerId, id);
}
