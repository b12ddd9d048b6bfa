import { addDays, dayBegins } from '#core/calendar.ts';
import type { Context, TenantContext } from '#core/context.ts';
import { InvalidInput } from '#core/errors.ts';
import type { CsvFile } from '#core/http/csv.ts';
import { nanoToUsd } from '#core/money.ts';
import {
  type RequestFilter,
  type RequestPlace,
  type RequestRow,
  type UsageGroup,
  keyNames,
  usageRequests,
  usageSums,
} from './queries.ts';
import { type DayRange, rangeOf, today } from './range.ts';
import type {
  LlmRequest,
  LlmUsage,
  LlmUsageGroup,
  LlmUsageTotals,
  RequestsExport,
  RequestsQuery,
  UsageQuery,
} from './schemas.ts';

const MAX_DAYS = 366;
/** Of single requests: a busy tenant has a million in a month. */
const MAX_REQUEST_DAYS = 92;
const EXPORTED_AT_ONCE = 1000;

export async function reportUsage(ctx: TenantContext, query: UsageQuery): Promise<LlmUsage> {
  const range = rangeOf(ctx, query, MAX_DAYS);
  const used = usageSums(ctx.db, { tenantId: ctx.tenantId }, range);
  const days = (await used.by('day')).map(({ value, ...totals }) => ({ day: value, ...totals }));
  const groups = await groupsOf(ctx, query.groupBy, range);
  return { timeZone: ctx.config.LLM_TIME_ZONE, ...range, totals: await used.total(), days, groups };
}

export async function exportUsage(
  ctx: TenantContext,
  query: UsageQuery,
): Promise<CsvFile<LlmUsageGroup & { costUsd: string }>> {
  const range = rangeOf(ctx, query, MAX_DAYS);
  const groups = await groupsOf(ctx, query.groupBy, range);
  return { fileName: `llm-usage-by-${query.groupBy}-${range.from}-${range.to}.csv`, rows: withUsd(groups) };
}

async function groupsOf(ctx: TenantContext, groupBy: UsageQuery['groupBy'], range: DayRange): Promise<LlmUsageGroup[]> {
  const groups = await usageSums(ctx.db, { tenantId: ctx.tenantId }, range).by(groupBy);
  const ids = groupBy === 'key' ? groups.map(({ value }) => value) : [];
  const names = await keyNames(ctx.db, ctx.tenantId).of(ids);
  return groups.map((group) => ({ ...group, name: names.get(group.value) ?? group.value }));
}

export async function listRequests(
  ctx: TenantContext,
  { cursor, limit, ...query }: RequestsQuery,
): Promise<{ items: LlmRequest[]; nextCursor: string | null }> {
  const { filter } = filterOf(ctx, query);
  const place = cursor === undefined ? undefined : readCursor(cursor);
  const found = await usageRequests(ctx.db, ctx.tenantId).after(filter, place, limit + 1);
  const items = found.slice(0, limit);
  const last = found.length > limit ? items.at(-1) : undefined;
  return { items: items.map(present), nextCursor: last ? cursorAt(last) : null };
}

export function exportRequests(
  ctx: TenantContext,
  query: RequestsExport,
): Promise<CsvFile<LlmRequest & { costUsd: string }>> {
  const { filter, range } = filterOf(ctx, query);
  const fileName = `llm-requests-${range.from}-${range.to}.csv`;
  return Promise.resolve({ fileName, rows: withUsd(allRequests(ctx, filter)) });
}

function filterOf(ctx: TenantContext, query: RequestsExport): { filter: RequestFilter; range: DayRange } {
  const range = rangeOf(ctx, query, MAX_REQUEST_DAYS);
  const zone = ctx.config.LLM_TIME_ZONE;
  const { llmKeyId: keyId, model, provider, outcome } = query;
  const [since, before] = [dayBegins(zone, range.from), dayBegins(zone, addDays(range.to, 1))];
  return { range, filter: { since, before, keyId, model, provider, outcome } };
}

/** Page by page, so that neither we nor the database hold all of it. */
async function* allRequests(ctx: TenantContext, filter: RequestFilter): AsyncGenerator<LlmRequest> {
  const requests = usageRequests(ctx.db, ctx.tenantId);
  for (let place: RequestPlace | undefined; ;) {
    const page = await requests.after(filter, place, EXPORTED_AT_ONCE);
    yield* page.map(present);
    if (page.length < EXPORTED_AT_ONCE) return;
    place = page.at(-1);
  }
}

/** Lines of a file have their cost in dollars, too. */
export async function* withUsd<R extends { costNanoUsd: number }>(
  rows: Iterable<R> | AsyncIterable<R>,
): AsyncGenerator<R & { costUsd: string }> {
  for await (const row of rows) yield { ...row, costUsd: nanoToUsd(row.costNanoUsd) };
}

const cursorAt = ({ at, request_id }: RequestPlace): string =>
  Buffer.from(`${at.getTime()}/${request_id}`).toString('base64url');

function readCursor(cursor: string): RequestPlace {
  const [, at, id] = /^(\d{1,15})\/([\w-]{1,40})$/.exec(Buffer.from(cursor, 'base64url').toString('utf8')) ?? [];
  if (at !== undefined && id !== undefined) return { at: new Date(Number(at)), request_id: id };
  throw InvalidInput({ issues: [{ path: 'query.cursor', message: 'must be the nextCursor of an earlier page' }] });
}

const present = (row: RequestRow): LlmRequest => ({
  requestId: row.request_id,
  at: row.at.toISOString(),
  llmKeyId: row.key_id,
  llmKeyName: row.key_name,
  surface: row.surface,
  model: row.model,
  provider: row.provider,
  upstreamModel: row.upstream_model,
  outcome: row.outcome,
  isStream: row.is_stream === 1,
  isFallback: row.is_fallback === 1,
  isBudgetFallback: row.is_budget_fallback === 1,
  isCacheHit: row.is_cache_hit === 1,
  promptTokens: row.prompt_tokens,
  cachedTokens: row.cached_tokens,
  cacheWriteTokens: row.cache_write_tokens,
  completionTokens: row.completion_tokens,
  reasoningTokens: row.reasoning_tokens,
  audioTokens: row.audio_tokens,
  costNanoUsd: Number(row.cost_nano_usd),
  price: row.price,
  isEstimated: row.is_estimated === 1,
  firstByteMs: row.first_byte_ms,
  durationMs: row.duration_ms,
});

/** Usage of everybody, or of one tenant, for whoever operates the platform; groups have no names yet. */
export async function platformUsage(
  ctx: Context,
  query: { from?: string | undefined; to?: string | undefined; tenantId?: string | undefined; groupBy: UsageGroup },
  limit?: number,
): Promise<DayRange & { timeZone: string; totals: LlmUsageTotals; groups: (LlmUsageTotals & { value: string })[] }> {
  const range = rangeOf(ctx, query, MAX_DAYS);
  const used = usageSums(ctx.db, { tenantId: query.tenantId }, range);
  const groups = await used.by(query.groupBy, limit);
  return { timeZone: ctx.config.LLM_TIME_ZONE, ...range, totals: await used.total(), groups };
}

/** Nano-USD that everybody's usage of these days has cost. */
export const platformCost = ({ db }: Pick<Context, 'db'>, range: DayRange): Promise<number> =>
  usageSums(db, {}, range).of('cost_nano_usd');

/** Of the tenant, on the operator's day. */
export function messagesToday(ctx: TenantContext): Promise<number> {
  const day = today(ctx);
  return usageSums(ctx.db, { tenantId: ctx.tenantId }, { from: day, to: day }).of('requests');
}
