import { type JobHandler, on } from '#core/jobs/define.ts';
import { handleLagoWebhook, handleStripeWebhook } from './schemas.ts';
import { actOnLago, actOnStripe } from './service.ts';

export const webhookHandlers: JobHandler[] = [
  on(handleLagoWebhook, (ctx, { inboxId }) => actOnLago(ctx, inboxId)),
  on(handleStripeWebhook, (ctx, { inboxId }) => actOnStripe(ctx, inboxId)),
];
