import { z } from 'zod';
import { pageOf, pageQuery } from '#core/http/pagination.ts';
import { idSchema } from '#core/ids.ts';
import { WEBHOOK_JOBS } from '#modules/billing/webhooks/schemas.ts';

export const SOURCES = Object.keys(WEBHOOK_JOBS) as (keyof typeof WEBHOOK_JOBS)[];
const State = z.enum(['waiting', 'failed', 'handled']).meta({
  description: 'failed: it was tried again and again and given up; waiting: it is to be handled, or is being.',
});

export const WebhookQuery = pageQuery.extend({
  source: z.enum(SOURCES).optional(),
  type: z.string().min(1).max(100).optional().meta({ description: 'Exactly, like `invoice.created`.' }),
  state: State.optional(),
  since: z.iso.datetime({ offset: true }).optional().meta({ description: 'Received at that time or later.' }),
  until: z.iso.datetime({ offset: true }).optional().meta({ description: 'Received earlier.' }),
  q: z.string().trim().min(3, 'must have at least 3 characters').max(100).optional().meta({
    description: 'Its id, the sender’s id, or anything in its body (of the last 7 days unless `since` says else).',
  }),
});
export type WebhookQuery = z.output<typeof WebhookQuery>;

export const WebhookParams = z.object({ webhookId: idSchema('inbox') });

export const ReceivedWebhook = z
  .object({
    id: z.string(),
    source: z.string(),
    eventId: z.string().meta({ description: 'The sender’s: the same on every delivery.' }),
    type: z.string(),
    state: State,
    outcome: z.string().nullable().meta({ description: 'What handling it led to.' }),
    problem: z.string().nullable().meta({ description: 'Why the last try failed.' }),
    attempts: z.number().int().nullable().meta({ description: 'Tries so far; null: no longer known.' }),
    nextTryAt: z.iso.datetime().nullable(),
    replays: z.number().int().meta({ description: 'How often somebody asked for it to be handled again.' }),
    replayedAt: z.iso.datetime().nullable(),
    receivedAt: z.iso.datetime(),
    handledAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'ReceivedWebhook' });
export type ReceivedWebhook = z.output<typeof ReceivedWebhook>;
export const ReceivedWebhookPage = pageOf(ReceivedWebhook);

export const ReceivedWebhookWithBody = ReceivedWebhook.extend({
  body: z.unknown().meta({ description: 'As it was sent, without secrets; a text when it is not JSON.' }),
}).meta({ id: 'ReceivedWebhookWithBody' });
export type ReceivedWebhookWithBody = z.output<typeof ReceivedWebhookWithBody>;
