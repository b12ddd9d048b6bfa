import { z } from 'zod';
import type { Context } from '#core/context.ts';
import { markHandled, readInbox, receive } from '#core/inbox/receive.ts';
import { followCard } from '../cards/service.ts';
import { check } from '../checkout/payments.ts';
import { attemptById, attemptBySession } from '../checkout/queries.ts';
import { forTenant } from '../customers.ts';
import { gatewayOf } from '../gateways/service.ts';
import { hasStripe, verifyStripeEvent } from '../providers/stripe/client.ts';
import { followDispute } from '../refunds/disputes.ts';
import { followRefund } from '../refunds/service.ts';
import { SenderNotConfigured, SignatureInvalid, parseJson } from './errors.ts';
import { handleStripeWebhook } from './schemas.ts';

export async function receiveFromStripe(ctx: Context, rawBody: Buffer, signature: string): Promise<void> {
  if (!hasStripe(ctx)) throw SenderNotConfigured({ sender: 'Stripe' });
  const event = verifyStripeEvent(ctx, rawBody, signature);
  if (!event) throw SignatureInvalid();
  const body = rawBody.toString('utf8');
  await receive(ctx, { source: 'stripe', eventKey: event.id, eventType: event.type, body, job: handleStripeWebhook });
}

const StripeEvent = z.object({
  type: z.string(),
  data: z.object({
    object: z.object({
      id: z.string(),
      metadata: z.record(z.string(), z.string()).nullish(),
      customer: z.string().nullish(),
      payment_intent: z.string().nullish(),
    }),
  }),
});
type About = z.output<typeof StripeEvent>['data']['object'];

/** Finds out what the event is about and reads that from Stripe: its order and its age do not matter. */
export async function actOnStripe(ctx: Context, inboxId: string): Promise<void> {
  const { body } = await readInbox(ctx, inboxId);
  const event = StripeEvent.safeParse(parseJson(body)).data;
  await markHandled(ctx, inboxId, event ? await followStripe(ctx, event.type, event.data.object) : 'ignored');
}

function followStripe(ctx: Context, type: string, about: About): Promise<string> {
  if (type.startsWith('checkout.session.')) return followSession(ctx, about.id);
  if (type.startsWith('payment_intent.')) return followIntent(ctx, type, about);
  if (type.startsWith('payment_method.')) return followCard(ctx, { methodId: about.id, customerId: about.customer });
  if (type === 'customer.updated') return followCard(ctx, { customerId: about.id });
  if (type.startsWith('charge.dispute.')) return followDispute(ctx, about.id);
  if (type === 'charge.refunded' || /^(charge\.)?refund\./.test(type)) return followRefund(ctx, about.payment_intent);
  return Promise.resolve('ignored');
}

async function followSession(ctx: Context, id: string): Promise<string> {
  const known = await attemptBySession(ctx, 'stripe', id);
  if (known) return forTenant(ctx, known.tenant_id, (ctx) => check(ctx, known.id));
  // The answer that would have told us its id was lost; the page itself says which attempt made it.
  const page = await gatewayOf(ctx, 'stripe').readCheckout(id);
  const attempt = await attemptById(ctx, page.metadata['attempt_id'] ?? '');
  if (!attempt) return 'ignored: not a payment page of ours';
  return forTenant(ctx, attempt.tenant_id, (ctx) => check(ctx, attempt.id, page));
}

/** A declined card on a payment page, or the charge of a kept card; a page that was paid has its own event. */
async function followIntent(ctx: Context, type: string, { id, metadata }: About): Promise<string> {
  const attempt = await attemptById(ctx, metadata?.['attempt_id'] ?? '');
  if (!attempt) return 'ignored: not ours';
  if (attempt.kind === 'page' && type !== 'payment_intent.payment_failed') return 'ignored';
  const page = attempt.kind === 'page' ? undefined : await gatewayOf(ctx, 'stripe').readCheckout(id);
  return forTenant(ctx, attempt.tenant_id, (ctx) => check(ctx, attempt.id, page));
}
