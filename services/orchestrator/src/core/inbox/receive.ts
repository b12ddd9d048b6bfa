import { z } from 'zod';
import type { Context } from '../context.ts';
import { withTransaction } from '../db/transaction.ts';
import { NotFound } from '../errors.ts';
import { newId } from '../ids.ts';
import type { Job } from '../jobs/define.ts';
import { enqueue } from '../jobs/enqueue.ts';

/** What a webhook's job carries; `replay` counts how often it was asked to be handled again. */
export const InboxMessage = z.object({ inboxId: z.string(), replay: z.number().int().optional() });

export const inboxJobKey = ({ inboxId, replay }: z.output<typeof InboxMessage>): string =>
  replay === undefined ? inboxId : `${inboxId}/${replay}`;

interface Received {
  source: string;
  /** The sender's id of the event, the same on every delivery of it. */
  eventKey: string;
  eventType: string;
  /** Raw, as it was signed. */
  body: string;
  job: Job<typeof InboxMessage>;
}

/**
 * Keeps a verified webhook and schedules its handling in one transaction; a second delivery changes nothing.
 * Throws when it could not be kept, so that the door answers 5xx and the sender tries again.
 */
export async function receive(ctx: Context, message: Received): Promise<{ isNew: boolean }> {
  return withTransaction(ctx, async (ctx) => {
    const id = newId('inbox');
    await ctx
      .db('inbox')
      .insert({
        id,
        source: message.source,
        event_key: message.eventKey,
        event_type: message.eventType,
        body: message.body,
      })
      .onConflict(['source', 'event_key'])
      .ignore();
    const isNew = (await ctx.db('inbox').where({ id }).first('id')) !== undefined;
    if (isNew) await enqueue(ctx, message.job, { inboxId: id });
    return { isNew };
  });
}

export interface InboxRow {
  id: string;
  source: string;
  event_key: string;
  event_type: string;
  body: string;
  received_at: Date;
  handled_at: Date | null;
  outcome: string | null;
  /** How often it was asked to be handled again. */
  replays: number;
  replayed_at: Date | null;
}

export async function readInbox(ctx: Context, inboxId: string): Promise<InboxRow> {
  const row = await ctx.db<InboxRow>('inbox').where({ id: inboxId }).first();
  if (!row) throw NotFound({ entity: 'webhook', id: inboxId });
  return row;
}

/**
 * Has a webhook handled once more, as if it had just come: whatever it speaks of is read again from its owner, so that
 * it does no harm however often it is done. In the caller's transaction.
 */
export async function replayInbox(ctx: Context, row: InboxRow, job: Job<typeof InboxMessage>): Promise<void> {
  const replay = row.replays + 1;
  await ctx
    .db('inbox')
    .where({ id: row.id })
    .update({ replays: replay, replayed_at: ctx.db.fn.now(3), handled_at: null, outcome: null });
  await enqueue(ctx, job, { inboxId: row.id, replay });
}

export async function markHandled(ctx: Context, inboxId: string, outcome: string): Promise<void> {
  await ctx
    .db('inbox')
    .where({ id: inboxId })
    .whereNull('handled_at')
    .update({ handled_at: ctx.db.fn.now(3), outcome: outcome.slice(0, 255) });
}
