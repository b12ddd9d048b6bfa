import { type JobHandler, on } from '#core/jobs/define.ts';
import { actOnChargily } from './chargily.ts';
import { actOnLago } from './lago.ts';
import { handleChargilyWebhook, handleLagoWebhook, handleStripeWebhook } from './schemas.ts';
import { actOnStripe } from './stripe.ts';

export const webhookHandlers: JobHandler[] = [
  on(handleLagoWebhook, (ctx, { inboxId }) => actOnLago(ctx, inboxId)),
  on(handleStripeWebhook, (ctx, { inboxId }) => actOnStripe(ctx, inboxId)),
  on(handleChargilyWebhook, (ctx, { inboxId }) => actOnChargily(ctx, inboxId)),
];
