import { createHash } from 'node:crypto';
import type { Context } from '../context.ts';
import { seal, unseal } from '../crypto/seal.ts';
import { isDuplicate } from '../db/connect.ts';
import { withTransaction } from '../db/transaction.ts';
import { InvalidInput, defineError } from '../errors.ts';

export const IdempotencyMismatch = defineError(
  'idempotency.key_reused',
  422,
  'This Idempotency-Key was used before with another request. Use a new key for a new request.',
);

export interface StoredAnswer {
  status: number;
  body: unknown;
  isReplay: boolean;
}

interface Intent {
  key: string;
  method: string;
  path: string;
  rawBody: Buffer;
  mode: 'transaction' | 'repeatable';
}

interface KeyRow {
  request_hash: string;
  status: number | null;
  response: string | null;
}

/**
 * Runs `work` once per actor and key and gives later requests the stored answer. In `transaction` mode the answer is
 * committed together with the work; a second request at the same moment waits for the first one's commit.
 * A failure stores nothing: the same key may be tried again.
 */
export async function once<C extends Context>(
  ctx: C,
  intent: Intent,
  work: (ctx: C) => Promise<{ status: number; body: unknown }>,
): Promise<StoredAnswer> {
  if (!/^[\x21-\x7e]{1,190}$/.test(intent.key))
    throw InvalidInput({
      issues: [{ path: 'headers.idempotency-key', message: 'must be 1 to 190 printable characters without spaces' }],
    });
  const id = { actor: actorKey(ctx), key: intent.key };
  const requestHash = createHash('sha256')
    .update(`${intent.method} ${intent.path}\n`)
    .update(intent.rawBody)
    .digest('hex');
  const stored = await find(ctx, id, requestHash);
  if (stored) return stored;
  try {
    return intent.mode === 'transaction'
      ? await withTransaction(ctx, (ctx) => claimAndRun(ctx, id, requestHash, work))
      : await runAndKeep(ctx, id, requestHash, work);
  } catch (error) {
    if (!isDuplicate(error) || !String((error as Error).message).includes('idempotency_keys')) throw error;
    const answer = await find(ctx, id, requestHash);
    if (answer) return answer;
    throw error;
  }
}

async function claimAndRun<C extends Context>(
  ctx: C,
  id: { actor: string; key: string },
  requestHash: string,
  work: (ctx: C) => Promise<{ status: number; body: unknown }>,
): Promise<StoredAnswer> {
  await ctx.db('idempotency_keys').insert({ ...id, request_hash: requestHash });
  const answer = await work(ctx);
  await ctx
    .db('idempotency_keys')
    .where(id)
    .update({ status: answer.status, response: sealed(ctx, id, answer.body) });
  return { ...answer, isReplay: false };
}

async function runAndKeep<C extends Context>(
  ctx: C,
  id: { actor: string; key: string },
  requestHash: string,
  work: (ctx: C) => Promise<{ status: number; body: unknown }>,
): Promise<StoredAnswer> {
  const answer = await work(ctx);
  await ctx
    .db('idempotency_keys')
    .insert({
      ...id,
      request_hash: requestHash,
      status: answer.status,
      response: sealed(ctx, id, answer.body),
    })
    .onConflict(['actor', 'key'])
    .ignore();
  return { ...answer, isReplay: false };
}

async function find(
  ctx: Context,
  id: { actor: string; key: string },
  requestHash: string,
): Promise<StoredAnswer | undefined> {
  const row = await ctx.db<KeyRow>('idempotency_keys').where(id).first();
  if (!row) return undefined;
  if (row.request_hash !== requestHash) throw IdempotencyMismatch();
  if (row.status === null) return undefined;
  const body = JSON.parse(unseal(ctx.config, about(id), row.response ?? '')) as unknown;
  return { status: row.status, body, isReplay: true };
}

/** Sealed: an answer may hold a new key's secret, of which only the hash is kept elsewhere. */
const sealed = (ctx: Context, id: { actor: string; key: string }, body: unknown): string =>
  seal(ctx.config, about(id), JSON.stringify(body ?? null));

const about = ({ actor, key }: { actor: string; key: string }): string => `${actor}/${key}`;

/** Keys of different people, and of one person in different tenants, never meet. */
function actorKey(ctx: Context & { tenantId?: string }): string {
  const actor = ctx.actor.type === 'user' || ctx.actor.type === 'apiKey' ? ctx.actor.id : ctx.actor.type;
  return createHash('sha256')
    .update(`${actor}/${ctx.tenantId ?? ''}`)
    .digest('hex');
}
