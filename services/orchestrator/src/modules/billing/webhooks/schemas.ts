import { defineJob } from '#core/jobs/define.ts';
import { InboxMessage } from '#core/inbox/receive.ts';

const handled = (name: string) =>
  defineJob({ name, schema: InboxMessage, key: ({ inboxId }) => inboxId, attempts: 40 });

export const handleLagoWebhook = handled('billing.lago_webhook');
export const handleStripeWebhook = handled('billing.stripe_webhook');
