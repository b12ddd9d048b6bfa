import type { TenantContext } from '#core/context.ts';
import { withLock } from '#core/db/lock.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { enqueue } from '#core/jobs/enqueue.ts';
import { ownersOf } from '#modules/identity/members/service.ts';
import type { CheckoutPage, CheckoutRequest, PaymentGateway } from '../gateways/gateway.ts';
import { gatewayOf } from '../gateways/service.ts';
import type { InvoiceRow } from '../invoices/queries.ts';
import { ProviderRefused, isKeptFailure } from '../providers/errors.ts';
import { customerAt } from './customers.ts';
import { PaymentRefused } from './errors.ts';
import { type AttemptRow, attempts } from './queries.ts';
import { checkAttempt } from './schemas.ts';

/** When most have paid or given up: whoever comes back need not wait for the reconciler when a webhook is lost. */
const LOOK_AFTER_S = [30, 120, 300];
/** Longer than any call of a provider takes. */
const TURN_WAIT_S = 25;

/** Undefined when the attempt was ended while its page was being opened: nobody may be given that page. */
export async function openPage(
  ctx: TenantContext,
  invoice: InvoiceRow,
  attempt: AttemptRow,
): Promise<AttemptRow | undefined> {
  const gateway = gatewayOf(ctx, attempt.provider);
  const request = await requestFor(ctx, gateway, invoice, attempt);
  try {
    if (!gateway.pagesOf) return await keepOrClose(ctx, gateway, attempt, await gateway.createCheckout(request));
    // Every create makes another page there: requests take turns, and each looks first what the ones before have made.
    return await withLock(ctx.db, `checkout/${attempt.id}`, TURN_WAIT_S, () => openOnce(ctx, gateway, request));
  } catch (error) {
    return await failedToOpen(ctx, gateway, attempt, error);
  }
}

async function requestFor(
  ctx: TenantContext,
  gateway: PaymentGateway,
  invoice: InvoiceRow,
  attempt: AttemptRow,
): Promise<CheckoutRequest> {
  const [owner] = await ownersOf(ctx);
  const returnTo = (result: string) => `${ctx.config.PUBLIC_URL}/billing/return?invoice=${invoice.id}&result=${result}`;
  return {
    attemptId: attempt.id,
    tenantId: ctx.tenantId,
    invoiceId: invoice.id,
    customerId: await customerAt(ctx, gateway),
    currency: attempt.currency,
    amountMinor: attempt.amount_minor,
    title: `Invoice ${invoice.number}`,
    keepCard: attempt.keep_card === 1,
    locale: owner?.locale ?? 'en',
    successUrl: returnTo('success'),
    cancelUrl: returnTo('cancel'),
    expiresAt: attempt.expires_at,
  };
}

async function openOnce(
  ctx: TenantContext,
  gateway: PaymentGateway,
  request: CheckoutRequest,
): Promise<AttemptRow | undefined> {
  const attempt = await attempts(ctx, ctx.tenantId).find(request.attemptId);
  if (!attempt || attempt.live_invoice_id === null) return undefined;
  if (attempt.state === 'open') return attempt;
  const [lost] = attempt.asks > 0 ? await openPagesOf(gateway, attempt) : [];
  if (lost) return keepOrClose(ctx, gateway, attempt, lost);
  await ask(ctx, attempt);
  return keepOrClose(ctx, gateway, attempt, await gateway.createCheckout(request));
}

/** Pages of the attempt that can be paid, less the one that we gave out. */
export async function openPagesOf(gateway: PaymentGateway, attempt: AttemptRow): Promise<CheckoutPage[]> {
  const pages = await gateway.pagesOf?.({ attemptId: attempt.id, since: attempt.created_at });
  return (pages ?? []).filter(({ id, status }) => status === 'open' && id !== attempt.provider_session_id);
}

/** Written down before the call: should its answer be lost, these looks find the page that it has left. */
function ask(ctx: TenantContext, attempt: AttemptRow): Promise<void> {
  return withTransaction(ctx, async (ctx) => {
    await attempts(ctx, ctx.tenantId).countAsk(attempt.id);
    for (const afterS of LOOK_AFTER_S) await lookLater(ctx, attempt.id, afterS);
  });
}

const lookLater = (ctx: TenantContext, attemptId: string, afterS: number): Promise<void> =>
  enqueue(
    ctx,
    checkAttempt,
    { tenantId: ctx.tenantId, attemptId, reason: `after_${afterS}s` },
    { delayMs: afterS * 1000 },
  );

async function keepOrClose(
  ctx: TenantContext,
  gateway: PaymentGateway,
  attempt: AttemptRow,
  page: CheckoutPage,
): Promise<AttemptRow | undefined> {
  const kept = await keepPage(ctx, attempt.id, page);
  if (!kept) await gateway.expireCheckout(page.id);
  return kept;
}

/** Undefined when the attempt was ended meanwhile. */
function keepPage(ctx: TenantContext, attemptId: string, page: CheckoutPage): Promise<AttemptRow | undefined> {
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

/** A refusal ends the attempt; without an answer the next request asks again, under the same key or looking first. */
async function failedToOpen(
  ctx: TenantContext,
  gateway: PaymentGateway,
  attempt: AttemptRow,
  error: unknown,
): Promise<never> {
  // Stripe keeps a 5xx under its idempotency key as well: only a new attempt can get another answer.
  const isOver = error instanceof ProviderRefused || (isKeptFailure(error) && !gateway.pagesOf);
  if (isOver) {
    const change = { state: 'failed', live_invoice_id: null, problem: (error as Error).message } as const;
    await attempts(ctx, ctx.tenantId).update(attempt.id, change);
  }
  if (error instanceof ProviderRefused) throw PaymentRefused({ reason: error.said }, { cause: error });
  throw error;
}
