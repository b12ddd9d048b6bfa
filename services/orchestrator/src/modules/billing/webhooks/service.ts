import { z } from 'zod';
import type { Context } from '#core/context.ts';
import { defineError, InvalidJson } from '#core/errors.ts';
import { markHandled, readInbox, receive } from '#core/inbox/receive.ts';
import { check } from '../checkout/payments.ts';
import { attemptById, attemptBySession } from '../checkout/queries.ts';
import { forTenant, tenantIdOf } from '../customers.ts';
import { knownInvoices } from '../invoices/queries.ts';
import { refreshInvoice } from '../projection/invoice.ts';
import { refreshSubscription } from '../projection/subscription.ts';
import { engineOf } from '../providers/engine.ts';
import { LagoWebhook } from '../providers/lago/shapes.ts';
import { isSignedByLago } from '../providers/lago/signature.ts';
import { stripeGateway, takesPayments, verifyStripeEvent } from '../providers/stripe/stripe.ts';
import { subscriptionById } from '../subscriptions/queries.ts';
import { handleLagoWebhook, handleStripeWebhook } from './schemas.ts';

export const SignatureInvalid = defineError(
  'webhook.signature_invalid',
  401,
  'The signature does not fit the body, or is too old.',
);

/** Not 404: Stripe goes on trying for days, and its keys may be on their way. */
export const SenderNotConfigured = defineError(
  'webhook.not_configured',
  503,
  'This server has no signing secret of Stripe, so it cannot tell whether this is from Stripe.',
);

interface SignedByLago {
  signature: string;
  algorithm: string;
  /** The same on every delivery of one webhook. */
  uniqueKey: string;
}

/** Keeps the webhook; nothing in it is believed beyond what it is about. */
export async function receiveFromLago(ctx: Context, rawBody: Buffer, signed: SignedByLago): Promise<void> {
  if (!isSignedByLago(ctx.config, rawBody, signed) || signed.uniqueKey === '') throw SignatureInvalid();
  const body = rawBody.toString('utf8');
  const eventType = z.object({ webhook_type: z.string() }).safeParse(parse(body)).data?.webhook_type ?? 'unknown';
  await receive(ctx, { source: 'lago', eventKey: signed.uniqueKey, eventType, body, job: handleLagoWebhook });
}

export async function receiveFromStripe(ctx: Context, rawBody: Buffer, signature: string): Promise<void> {
  if (!takesPayments(ctx)) throw SenderNotConfigured();
  const event = verifyStripeEvent(ctx, rawBody, signature);
  if (!event) throw SignatureInvalid();
  const body = rawBody.toString('utf8');
  await receive(ctx, { source: 'stripe', eventKey: event.id, eventType: event.type, body, job: handleStripeWebhook });
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    throw InvalidJson();
  }
}

/** Finds out what the webhook is about and reads that from Lago: its order and its age do not matter. */
export async function actOnLago(ctx: Context, inboxId: string): Promise<void> {
  const { body } = await readInbox(ctx, inboxId);
  const webhook = LagoWebhook.parse(parse(body));
  await markHandled(ctx, inboxId, await followLago(ctx, webhook));
}

async function followLago(ctx: Context, webhook: z.output<typeof LagoWebhook>): Promise<string> {
  const { invoice, subscription, payment_provider_invoice_payment_error: failure } = webhook;
  if (subscription) {
    const row = await subscriptionById(ctx, subscription.external_id);
    if (!row) return 'ignored: not a subscription of ours';
    const isChanged = await forTenant(ctx, row.tenant_id, (ctx) => refreshSubscription(ctx, row.id));
    return isChanged ? 'projected' : 'nothing new';
  }
  const lagoId = invoice?.lago_id ?? failure?.lago_invoice_id;
  if (lagoId === undefined) return 'ignored';
  const tenantId = await tenantOfInvoice(ctx, lagoId, invoice?.customer?.external_id ?? failure?.external_customer_id);
  if (tenantId === undefined) return 'ignored: not a customer of ours';
  const isChanged = await forTenant(ctx, tenantId, (ctx) => refreshInvoice(ctx, lagoId));
  return isChanged ? 'projected' : 'nothing new';
}

/** Of an invoice that we have, else of its customer; a webhook that does not say is answered by the engine. */
export async function tenantOfInvoice(ctx: Context, lagoId: string, customerId?: string): Promise<string | undefined> {
  const [known] = await knownInvoices(ctx, [lagoId]);
  if (known) return known.tenant_id;
  const id = customerId ?? (await engineOf(ctx).readInvoice(lagoId))?.customerId;
  return id === undefined ? undefined : tenantIdOf(id);
}

const StripeEvent = z.object({
  type: z.string(),
  data: z.object({
    object: z.object({ id: z.string(), metadata: z.record(z.string(), z.string()).nullish() }),
  }),
});

/** Finds the attempt that the event is about and reads its payment page from Stripe. */
export async function actOnStripe(ctx: Context, inboxId: string): Promise<void> {
  const { body } = await readInbox(ctx, inboxId);
  const event = StripeEvent.parse(parse(body));
  await markHandled(ctx, inboxId, await followStripe(ctx, event));
}

async function followStripe(ctx: Context, { type, data }: z.output<typeof StripeEvent>): Promise<string> {
  const { id, metadata } = data.object;
  if (type.startsWith('checkout.session.')) {
    const known = await attemptBySession(ctx, 'stripe', id);
    if (known) return forTenant(ctx, known.tenant_id, (ctx) => check(ctx, known.id));
    // The answer that would have told us its id was lost; the page itself says which attempt made it.
    const page = await stripeGateway(ctx).readCheckout(id);
    const attempt = await attemptById(ctx, page.metadata['attempt_id'] ?? '');
    if (!attempt) return 'ignored: not a payment page of ours';
    return forTenant(ctx, attempt.tenant_id, (ctx) => check(ctx, attempt.id, page));
  }
  if (type === 'payment_intent.payment_failed') {
    const attempt = await attemptById(ctx, metadata?.['attempt_id'] ?? '');
    return attempt ? forTenant(ctx, attempt.tenant_id, (ctx) => check(ctx, attempt.id)) : 'ignored: not ours';
  }
  return 'ignored';
}
