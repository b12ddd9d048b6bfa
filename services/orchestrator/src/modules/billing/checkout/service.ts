import type { TenantContext } from '#core/context.ts';
import { NotFound } from '#core/errors.ts';
import { enqueue } from '#core/jobs/enqueue.ts';
import type { PaymentGateway, Provider } from '../gateways/gateway.ts';
import { gatewaysFor, takesPayments } from '../gateways/service.ts';
import { type InvoiceRow, invoices } from '../invoices/queries.ts';
import { PaymentsNotConfigured } from '../providers/errors.ts';
import { closeAttempt } from './close.ts';
import { InvoiceNotPayable, NoProviderFits, ProviderNotAvailable, ProviderRequired } from './errors.ts';
import { openPage } from './page.ts';
import { type AttemptRow, attempts } from './queries.ts';
import { type Checkout, type CreateCheckout, type PaymentProviders, checkAttempt } from './schemas.ts';
import { requirePayable, startAttempt } from './start.ts';

/** A page younger than this is given again; it stays open longer, so that who has it open can finish. */
const REUSE_MS = 25 * 60_000;

/**
 * A payment page for the invoice. The attempt's row is written before the provider is called and its id is the
 * idempotency key: a second request, or one after a lost answer, leads to the same page.
 */
export async function createCheckout(
  ctx: TenantContext,
  invoiceId: string,
  { provider, keepCard }: CreateCheckout,
): Promise<Checkout> {
  const invoice = await requirePayable(ctx, invoiceId);
  const gateway = gatewayFor(ctx, invoice, provider);
  const attempt = await liveAttempt(ctx, invoice, { gateway, keepCard: keepCard && gateway.cards !== undefined });
  if (attempt.state === 'open') return present(attempt);
  const opened = await openPage(ctx, invoice, attempt);
  if (opened) return present(opened);
  await requirePayable(ctx, invoice.id);
  throw processing(invoice);
}

/** In which ways this invoice can be paid. */
export async function listProviders(ctx: TenantContext, invoiceId: string): Promise<PaymentProviders> {
  const invoice = await invoices(ctx, ctx.tenantId).find(invoiceId);
  if (!invoice) throw NotFound({ entity: 'invoice', id: invoiceId });
  const items = fitting(ctx, invoice).map(({ provider, cards }) => ({ provider, keepsCard: cards !== undefined }));
  return { items };
}

const fitting = (ctx: TenantContext, { currency, total_minor: amountMinor }: InvoiceRow): PaymentGateway[] =>
  gatewaysFor(ctx, { currency, amountMinor });

function gatewayFor(ctx: TenantContext, invoice: InvoiceRow, wanted: Provider | undefined): PaymentGateway {
  if (!takesPayments(ctx)) throw PaymentsNotConfigured();
  const fit = fitting(ctx, invoice);
  const [first] = fit;
  if (!first) throw NoProviderFits({ currency: invoice.currency, amountMinor: invoice.total_minor });
  const providers = fit.map(({ provider }) => provider);
  if (wanted === undefined && fit.length > 1) throw ProviderRequired({ providers });
  const chosen = wanted === undefined ? first : fit.find(({ provider }) => provider === wanted);
  if (!chosen) throw ProviderNotAvailable({ provider: wanted as Provider, providers });
  return chosen;
}

interface Wanted {
  gateway: PaymentGateway;
  keepCard: boolean;
}

async function liveAttempt(ctx: TenantContext, invoice: InvoiceRow, wanted: Wanted): Promise<AttemptRow> {
  const rows = attempts(ctx, ctx.tenantId);
  const live = await rows.liveOf(invoice.id);
  if (live && isAsWanted(live, wanted)) return live;
  if (live) await replace(ctx, invoice, live);
  await startAttempt(ctx, invoice, {
    provider: wanted.gateway.provider,
    kind: 'page',
    keep_card: wanted.keepCard ? 1 : 0,
    expires_at: new Date(Date.now() + wanted.gateway.pageLifeMs),
  });
  const created = await rows.liveOf(invoice.id);
  // Between our insert and here the page of another request may have been paid, or another provider was asked for.
  if (!created || !isAsWanted(created, wanted)) throw processing(invoice);
  return created;
}

const isYoung = (attempt: AttemptRow) => Date.now() - attempt.created_at.getTime() < REUSE_MS;

const isAsWanted = (live: AttemptRow, { gateway, keepCard }: Wanted): boolean =>
  live.kind === 'page' && live.provider === gateway.provider && (live.keep_card === 1) === keepCard && isYoung(live);

/** The old page is closed before a new one opens: two open pages invite two payments. */
async function replace(ctx: TenantContext, invoice: InvoiceRow, old: AttemptRow): Promise<void> {
  // The kept card is being charged this very moment.
  if (old.kind === 'saved_card' && isYoung(old)) throw processing(invoice);
  if (await closeAttempt(ctx, old)) return;
  await enqueue(ctx, checkAttempt, { tenantId: ctx.tenantId, attemptId: old.id, reason: 'paid_when_replaced' });
  throw processing(invoice);
}

const processing = (invoice: InvoiceRow) => InvoiceNotPayable({ invoiceId: invoice.id, reason: 'processing' });

function present(attempt: AttemptRow): Checkout {
  if (attempt.url === null) throw new Error(`The payment page of ${attempt.id} has no address`);
  return { url: attempt.url, attemptId: attempt.id, expiresAt: attempt.expires_at.toISOString() };
}
