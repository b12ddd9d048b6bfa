import type { Context } from '#core/context.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { NotFound } from '#core/errors.ts';
import type { Page } from '#core/http/pagination.ts';
import type { InboxMessage } from '#core/inbox/receive.ts';
import { replayInbox } from '#core/inbox/receive.ts';
import type { Job } from '#core/jobs/define.ts';
import { record } from '#modules/audit/service.ts';
import { WEBHOOK_JOBS } from '#modules/billing/webhooks/schemas.ts';
import { type WebhookRow, webhooks } from './queries.ts';
import type { ReceivedWebhook, ReceivedWebhookWithBody, WebhookQuery } from './schemas.ts';

const DAY_MS = 86_400_000;
/** A body has no index: how far back text is looked for unless the question says. */
const TEXT_DAYS = 7;

const JOBS: Readonly<Record<string, Job<typeof InboxMessage>>> = WEBHOOK_JOBS;
const JOB_NAMES = Object.fromEntries(Object.entries(JOBS).map(([source, { name }]) => [source, name]));

export async function listWebhooks(ctx: Context, query: WebhookQuery): Promise<Page<ReceivedWebhook>> {
  const { since, until, q: text, source, type, state, ...page } = query;
  const from = since ?? (text === undefined ? undefined : new Date(Date.now() - TEXT_DAYS * DAY_MS).toISOString());
  const found = await webhooks(ctx.db, JOB_NAMES).page(
    { source, type, state, text, since: momentOf(from), until: momentOf(until) },
    page,
  );
  return { ...found, items: found.items.map(present) };
}

const momentOf = (text: string | undefined): Date | undefined => (text === undefined ? undefined : new Date(text));

export async function getWebhook(ctx: Context, id: string): Promise<ReceivedWebhookWithBody> {
  const row = await webhooks(ctx.db, JOB_NAMES).find(id);
  if (!row) throw NotFound({ entity: 'webhook', id });
  return { ...present(row), body: withoutSecrets(parsed(row.body)) };
}

/** Whatever the webhook speaks of is read again from its owner: nothing in its body is believed, now as then. */
export async function replayWebhook(ctx: Context, id: string): Promise<ReceivedWebhook> {
  await withTransaction(ctx, async (ctx) => {
    const row = await webhooks(ctx.db, JOB_NAMES).lock(id);
    const job = JOBS[row?.source ?? ''];
    if (!row || !job) throw NotFound({ entity: 'webhook', id });
    await replayInbox(ctx, row, job);
    const { source, event_type: type, outcome } = row;
    await record(ctx, { action: 'webhook.replay', subject: id, details: { source, type, outcome } });
  });
  return getWebhook(ctx, id);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return body;
  }
}

/** Stripe sends the secret by which a browser may confirm a payment. */
function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      /secret$/i.test(key) && item !== null ? '[hidden]' : withoutSecrets(item),
    ]),
  );
}

function present(row: WebhookRow): ReceivedWebhook {
  const isOpen = row.handled_at === null;
  const isFailed = isOpen && row.job_state === 'failed';
  return {
    id: row.id,
    source: row.source,
    eventId: row.event_key,
    type: row.event_type,
    state: isFailed ? 'failed' : isOpen ? 'waiting' : 'handled',
    outcome: row.outcome,
    problem: isOpen ? row.job_error : null,
    attempts: row.job_attempts,
    nextTryAt: (isOpen && !isFailed && row.job_run_at?.toISOString()) || null,
    replays: row.replays,
    replayedAt: row.replayed_at?.toISOString() ?? null,
    receivedAt: row.received_at.toISOString(),
    handledAt: row.handled_at?.toISOString() ?? null,
  };
}
