import type { TenantContext } from '#core/context.ts';
import type { PaymentGateway } from '../gateways/gateway.ts';
import { findGateway, gatewayOf } from '../gateways/service.ts';
import { lookUp } from './look-up.ts';
import { openPagesOf } from './page.ts';
import { check } from './payments.ts';
import { type AttemptRow, attempts } from './queries.ts';

/** Closes the payment page. False when it has been paid meanwhile, or is about to be. */
export async function closeAttempt(ctx: TenantContext, attempt: AttemptRow): Promise<boolean> {
  const rows = attempts(ctx, ctx.tenantId);
  const gateway = gatewayOf(ctx, attempt.provider);
  if (attempt.kind === 'saved_card') {
    const charge = await lookUp(ctx, gateway, attempt);
    if (charge) await rows.update(attempt.id, { provider_session_id: charge.id });
  }
  // Nobody has been given a page yet; who is opening one now finds the attempt over, and closes it again.
  if (await rows.endWithoutPage(attempt.id)) return true;
  const pageId = (await rows.find(attempt.id))?.provider_session_id ?? null;
  if (pageId !== null && !(await closePage(gateway, pageId))) return false;
  await rows.update(attempt.id, { state: 'expired', live_invoice_id: null });
  return true;
}

/** False when money has come by it, or may still come. */
async function closePage(gateway: PaymentGateway, pageId: string): Promise<boolean> {
  await gateway.expireCheckout(pageId);
  const { status } = await gateway.readCheckout(pageId);
  return status === 'expired' || status === 'failed';
}

/** Of a subscription that was taken back. A page that was paid meanwhile is left to its own news: money to give back. */
export async function closeCheckouts(ctx: TenantContext, subscriptionId: string): Promise<void> {
  for (const attempt of await attempts(ctx, ctx.tenantId).liveOfSubscription(subscriptionId))
    await closeAttempt(ctx, attempt);
}

/**
 * Pages whose making was never answered, where that leaves one behind: nobody has been given them, and none of them may
 * be paid beside the one that was given out. The only one of an attempt that still waits for a page is left to it.
 */
export async function closeStrayPages(ctx: TenantContext, attemptId: string): Promise<void> {
  const attempt = await attempts(ctx, ctx.tenantId).find(attemptId);
  if (!attempt || attempt.asks === 0) return;
  const gateway = findGateway(ctx, attempt.provider);
  if (!gateway?.pagesOf) return;
  const isWaiting = attempt.live_invoice_id !== null && attempt.provider_session_id === null;
  const strays = (await openPagesOf(gateway, attempt)).slice(isWaiting ? 1 : 0);
  for (const { id } of strays) {
    await gateway.expireCheckout(id);
    ctx.log.warn({ attemptId, pageId: id }, 'closed a payment page that nobody was given');
  }
}

/** Another page of the attempt brought the money: this one must not bring it again. In the caller's turn for the tenant. */
export async function closePageBeside(ctx: TenantContext, attemptId: string, pageId: string): Promise<void> {
  const attempt = await attempts(ctx, ctx.tenantId).find(attemptId);
  if (!attempt) return;
  const gateway = gatewayOf(ctx, attempt.provider);
  await gateway.expireCheckout(pageId);
  const page = await gateway.readCheckout(pageId);
  if (page.isPaid) await check(ctx, attemptId, page);
}
