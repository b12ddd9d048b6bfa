import { z } from 'zod';
import type { Context } from '#core/context.ts';
import { markHandled, readInbox, receive } from '#core/inbox/receive.ts';
import { forTenant, tenantIdOf } from '../customers.ts';
import { knownInvoices } from '../invoices/queries.ts';
import { refreshInvoice } from '../projection/invoice.ts';
import { refreshSubscription } from '../projection/subscription.ts';
import { engineOf } from '../providers/engine.ts';
import { LagoWebhook } from '../providers/lago/shapes.ts';
import { isSignedByLago } from '../providers/lago/signature.ts';
import { subscriptionById } from '../subscriptions/queries.ts';
import { SignatureInvalid, parseJson } from './errors.ts';
import { handleLagoWebhook } from './schemas.ts';

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
  const eventType = z.object({ webhook_type: z.string() }).safeParse(parseJson(body)).data?.webhook_type ?? 'unknown';
  await receive(ctx, { source: 'lago', eventKey: signed.uniqueKey, eventType, body, job: handleLagoWebhook });
}

/** Finds out what the webhook is about and reads that from Lago: its order and its age do not matter. */
export async function actOnLago(ctx: Context, inboxId: string): Promise<void> {
  const { body } = await readInbox(ctx, inboxId);
  const webhook = LagoWebhook.parse(parseJson(body));
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
