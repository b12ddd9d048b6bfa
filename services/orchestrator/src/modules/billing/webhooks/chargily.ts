import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Context } from '#core/context.ts';
import { markHandled, readInbox, receive } from '#core/inbox/receive.ts';
import { check } from '../checkout/payments.ts';
import { attemptById, attemptBySession } from '../checkout/queries.ts';
import { forTenant } from '../customers.ts';
import { gatewayOf } from '../gateways/service.ts';
import { hasChargily, isSignedByChargily } from '../providers/chargily/client.ts';
import { ProviderRefused } from '../providers/errors.ts';
import { SenderNotConfigured, SignatureInvalid, parseJson } from './errors.ts';
import { handleChargilyWebhook } from './schemas.ts';

const Event = z.object({ id: z.string().min(1), type: z.string() });
const CheckoutEvent = z.object({ type: z.string(), data: z.object({ id: z.string().min(1) }) });

/** Keeps the webhook; its signature has no time in it, so nothing it says is believed beyond which checkout it is about. */
export async function receiveFromChargily(ctx: Context, rawBody: Buffer, signature: string): Promise<void> {
  if (!hasChargily(ctx)) throw SenderNotConfigured({ sender: 'Chargily' });
  if (!isSignedByChargily(ctx, rawBody, signature)) throw SignatureInvalid();
  const body = rawBody.toString('utf8');
  const event = Event.safeParse(parseJson(body)).data;
  const eventKey = event?.id ?? createHash('sha256').update(rawBody).digest('hex');
  const eventType = event?.type ?? 'unknown';
  await receive(ctx, { source: 'chargily', eventKey, eventType, body, job: handleChargilyWebhook });
}

/** Reads the checkout itself: the webhook's order and age do not matter. */
export async function actOnChargily(ctx: Context, inboxId: string): Promise<void> {
  const { body } = await readInbox(ctx, inboxId);
  const event = CheckoutEvent.safeParse(parseJson(body)).data;
  const isOfCheckout = event?.type.startsWith('checkout.') ?? false;
  await markHandled(ctx, inboxId, event && isOfCheckout ? await followCheckout(ctx, event.data.id) : 'ignored');
}

async function followCheckout(ctx: Context, checkoutId: string): Promise<string> {
  const page = await readPage(ctx, checkoutId);
  if (!page) return 'ignored: Chargily does not know it';
  // By its metadata when the answer that would have told us its id was lost.
  const attempt =
    (await attemptBySession(ctx, 'chargily', checkoutId)) ??
    (await attemptById(ctx, page.metadata['attempt_id'] ?? ''));
  if (attempt?.provider !== 'chargily') return 'ignored: not a payment page of ours';
  return forTenant(ctx, attempt.tenant_id, (ctx) => check(ctx, attempt.id, page));
}

async function readPage(ctx: Context, checkoutId: string) {
  try {
    return await gatewayOf(ctx, 'chargily').readCheckout(checkoutId);
  } catch (error) {
    if (error instanceof ProviderRefused && error.status === 404) return undefined;
    throw error;
  }
}
