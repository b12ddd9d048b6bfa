import type { Context } from '#core/context.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { newId } from '#core/ids.ts';
import { planOf } from '#modules/catalogue/service.ts';
import { recurringOf } from '../figures/recurring.ts';
import {
  type MovementKind,
  type MovementRow,
  type PaidSubscription,
  type SourceRow,
  ledger,
  lockSubscription,
  paidPrices,
  unlikeLedger,
} from './queries.ts';

const BATCH = 500;

/** What a source brings in from a moment on; `price` null: nothing. */
export interface Source {
  sourceId: string;
  tenantId: string;
  line: string;
  planKey: string;
  currency: string;
  price: { code: string; twelfths: number; isEstimated: boolean } | null;
}

/**
 * Makes the ledger say what the subscriptions say. Whatever was missed is entered at the moment when it was; one that
 * cannot be entered keeps no other from it, and is tried again the next time.
 */
export async function catchUpMovements(ctx: Context): Promise<void> {
  for (let after: string | undefined = ''; after !== undefined;) {
    const ids: string[] = await unlikeLedger(ctx.db, { after, limit: BATCH });
    for (const id of ids)
      await followSubscription(ctx, id).catch((error: unknown) => {
        ctx.log.error(
          { err: error, subscriptionId: id },
          'a subscription could not be entered in the ledger of revenue',
        );
      });
    after = ids.length < BATCH ? undefined : ids.at(-1);
  }
}

/** What was paid, one after the other, and then what is so now. */
function followSubscription(ctx: Context, id: string): Promise<void> {
  return withTransaction(ctx, async (ctx) => {
    const row = await lockSubscription(ctx.db, id);
    if (!row) return;
    let last = await ledger(ctx.db).lock(id);
    const paid = row.is_withdrawn ? [] : await paidPrices(ctx.db, id, last?.changed_at ?? null);
    for (const { priceCode, paidAt } of paid) last = await move(ctx, last, sourceOf(ctx, row, priceCode), paidAt);
    const isPaying = row.status === 'active' && !row.is_withdrawn;
    const now = sourceOf(ctx, row, isPaying ? row.paid_price_code : null);
    await move(ctx, last, now, (isPaying ? null : row.ended_at) ?? new Date());
  });
}

function sourceOf(ctx: Context, row: PaidSubscription, priceCode: string | null): Source {
  const base = { sourceId: row.id, tenantId: row.tenant_id, line: row.line };
  if (priceCode === null) return { ...base, planKey: row.plan_key, currency: row.currency, price: null };
  // A price that nobody knows any more brings in something, and we cannot say what.
  const unknown = { currency: row.currency, twelfths: 0, isEstimated: true };
  const { currency, twelfths, isEstimated } = recurringOf(ctx, priceCode) ?? unknown;
  const planKey = planOf(ctx, priceCode)?.key ?? row.plan_key;
  return { ...base, planKey, currency, price: { code: priceCode, twelfths, isEstimated } };
}

/** Enters what a source brings in from `at` on, in the caller's transaction. The same again changes nothing. */
export async function enterSource(ctx: Context, source: Source, at: Date): Promise<void> {
  await move(ctx, await ledger(ctx.db).lock(source.sourceId), source, at);
}

async function move(ctx: Context, last: SourceRow | undefined, source: Source, happenedAt: Date): Promise<SourceRow> {
  const { price } = source;
  if (last && last.price_code === (price?.code ?? null)) return last;
  // News may overtake each other; a source's own history never runs backwards.
  const at = last && last.changed_at > happenedAt ? last.changed_at : happenedAt;
  const seq = (last?.seq ?? 0) + 1;
  const legs = legsOf(last, source).map((leg) => ({ id: newId('mrrMovement'), seq, at, ...leg }));
  if (legs.length > 0) await ledger(ctx.db).append(legs);
  const row: SourceRow = {
    source_id: source.sourceId,
    tenant_id: source.tenantId,
    line: source.line,
    plan_key: source.planKey,
    price_code: price?.code ?? null,
    currency: source.currency,
    twelfths: price?.twelfths ?? 0,
    is_estimated: price?.isEstimated ? 1 : 0,
    seq,
    changed_at: at,
  };
  await ledger(ctx.db).put(row);
  return row;
}

/** Free plans come and go without a trace here. */
function legsOf(last: SourceRow | undefined, source: Source): Omit<MovementRow, 'id' | 'seq' | 'at'>[] {
  const { price, sourceId, tenantId, line, planKey, currency } = source;
  const before = last?.price_code === null ? 0 : (last?.twelfths ?? 0);
  const after = price?.twelfths ?? 0;
  const kind = kindOf(before, after, last?.price_code === null);
  const base = { source_id: sourceId, tenant_id: tenantId, line, kind };
  const legs: Omit<MovementRow, 'id' | 'seq' | 'at'>[] = [];
  if (last && last.price_code !== null && before > 0)
    legs.push({
      ...{ ...base, leg: 'from', plan_key: last.plan_key, price_code: last.price_code, currency: last.currency },
      ...{ delta_twelfths: -before, delta_count: -1 },
    });
  if (price && after > 0)
    legs.push({
      ...{ ...base, leg: 'to', plan_key: planKey, price_code: price.code, currency },
      ...{ delta_twelfths: after, delta_count: 1 },
    });
  return legs;
}

function kindOf(before: number, after: number, hasEnded: boolean): MovementKind {
  if (before === 0) return hasEnded ? 'reactivation' : 'new';
  if (after === 0) return 'churn';
  if (after === before) return 'change';
  return after > before ? 'expansion' : 'contraction';
}
