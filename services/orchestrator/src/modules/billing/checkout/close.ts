import type { TenantContext } from '#core/context.ts';
import { stripeGateway } from '../providers/stripe/stripe.ts';
import { type AttemptRow, attempts } from './queries.ts';

/** Closes the payment page. False when it has been paid meanwhile. */
export async function closeAttempt(ctx: TenantContext, attempt: AttemptRow): Promise<boolean> {
  const rows = attempts(ctx, ctx.tenantId);
  // Nobody has been given a page yet; who is opening one now finds the attempt over, and closes it again.
  if (attempt.provider_session_id === null && (await rows.endWithoutPage(attempt.id))) return true;
  const sessionId = (await rows.find(attempt.id))?.provider_session_id ?? null;
  if (sessionId !== null) {
    await stripeGateway(ctx).expireCheckout(sessionId);
    const { status } = await stripeGateway(ctx).readCheckout(sessionId);
    if (status === 'complete') return false;
  }
  await rows.update(attempt.id, { state: 'expired', live_invoice_id: null });
  return true;
}

/** Of a subscription that was taken back. A page that was paid meanwhile is left to its own news: money to give back. */
export async function closeCheckouts(ctx: TenantContext, subscriptionId: string): Promise<void> {
  for (const attempt of await attempts(ctx, ctx.tenantId).liveOfSubscription(subscriptionId))
    await closeAttempt(ctx, attempt);
}
