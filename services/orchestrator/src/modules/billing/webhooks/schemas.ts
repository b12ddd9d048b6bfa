import { defineJob } from '#core/jobs/define.ts';
import { InboxMessage, inboxJobKey } from '#core/inbox/receive.ts';

const handled = (name: string) => defineJob({ name, schema: InboxMessage, key: inboxJobKey, attempts: 40 });

export const handleLagoWebhook = handled('billing.lago_webhook');
export const handleStripeWebhook = handled('billing.stripe_webhook');
export const handleChargilyWebhook = handled('billing.chargily_webhook');

/** Who handles what is in the inbox, by where it came from. */
export const WEBHOOK_JOBS = {
  lago: handleLagoWebhook,
  stripe: handleStripeWebhook,
  chargily: handleChargilyWebhook,
} as const;
