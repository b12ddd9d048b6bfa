import { z } from 'zod';
import { pageOf, pageQuery } from '#core/http/pagination.ts';
import { idSchema } from '#core/ids.ts';
import { SURFACES } from '../../providers/provider.ts';
import { OUTCOMES } from '../record.ts';

const day = z.iso.date('must be a date like 2026-01-31').startsWith('20', 'must be a day of this century');

/** Days of the operator's calendar; `to` is included. What is left out depends on the day it is there: range.ts. */
export const rangeQuery = {
  from: day.optional().meta({ description: 'First day. Left out: 29 days before `to`.' }),
  to: day.optional().meta({ description: 'Last day, included. Left out: today.' }),
};

export const GROUPS = ['day', 'model', 'key', 'provider'] as const;

export const UsageQuery = z.object({
  ...rangeQuery,
  groupBy: z.enum(GROUPS).default('day').meta({ description: 'What `groups` are made by.' }),
});
export type UsageQuery = z.output<typeof UsageQuery>;

const count = z.number().int().nonnegative();

export const LlmUsageTotals = z
  .object({
    requests: count,
    fallbacks: count.meta({ description: 'Requests that another provider answered than the one first chosen.' }),
    budgetFallbacks: count.meta({ description: 'Requests that a free provider answered because a budget was spent.' }),
    cacheHits: count.meta({ description: 'Requests answered from the response cache; they cost nothing.' }),
    estimatedRequests: count.meta({ description: 'Requests whose tokens we counted, since the provider did not say.' }),
    promptTokens: count,
    cachedTokens: count.meta({ description: 'Part of the prompt tokens: read from the provider’s prompt cache.' }),
    cacheWriteTokens: count.meta({ description: 'Part of the prompt tokens: written to that cache.' }),
    completionTokens: count,
    reasoningTokens: count.meta({ description: 'Part of the completion tokens.' }),
    audioTokens: count.meta({ description: 'Part of both.' }),
    costNanoUsd: count.meta({ description: 'In nano-USD: 1 000 000 000 is one dollar.' }),
  })
  .meta({ id: 'LlmUsageTotals' });
export type LlmUsageTotals = z.output<typeof LlmUsageTotals>;

export const LlmUsageGroup = LlmUsageTotals.extend({
  value: z.string().meta({ description: 'The day, model, provider, or id of the key.' }),
  name: z.string().meta({ description: 'The same; of a key, its name.' }),
}).meta({ id: 'LlmUsageGroup' });
export type LlmUsageGroup = z.output<typeof LlmUsageGroup>;

export const LlmUsage = z
  .object({
    timeZone: z.string().meta({ description: 'Where the days begin: an IANA name.' }),
    from: z.iso.date(),
    to: z.iso.date(),
    totals: LlmUsageTotals,
    days: z
      .array(LlmUsageTotals.extend({ day: z.iso.date() }))
      .meta({ description: 'Days with requests, oldest first.' }),
    groups: z.array(LlmUsageGroup).meta({ description: 'By `groupBy`: days oldest first, others dearest first.' }),
  })
  .meta({ id: 'LlmUsage' });
export type LlmUsage = z.output<typeof LlmUsage>;

const usd = z.string().meta({ description: 'In USD, exact.' });

/** A line of the exported file. */
export const UsageCsv = z.object({
  ...LlmUsageGroup.shape,
  costUsd: usd,
});

const filters = {
  ...rangeQuery,
  llmKeyId: idSchema('llmKey').optional(),
  model: z.string().min(1).max(200).optional().meta({ description: 'As it was asked for.' }),
  provider: z.string().min(1).max(40).optional(),
  outcome: z.enum(OUTCOMES).optional(),
};

export const RequestsExport = z.object(filters);
export type RequestsExport = z.output<typeof RequestsExport>;

export const RequestsQuery = z.object({ ...filters, ...pageQuery.shape });
export type RequestsQuery = z.output<typeof RequestsQuery>;

export const LlmRequest = z
  .object({
    requestId: z.string().meta({ description: 'The `x-request-id` of its answer.' }),
    at: z.iso.datetime(),
    llmKeyId: z.string(),
    llmKeyName: z.string().nullable().meta({ description: 'Null when the key is no more.' }),
    surface: z.enum(SURFACES).meta({ description: 'Which API was spoken.' }),
    model: z.string().meta({ description: 'As it was asked for.' }),
    provider: z.string().meta({ description: 'Who answered; `cache` = nobody was asked.' }),
    upstreamModel: z.string().nullable().meta({ description: 'As the provider calls it.' }),
    outcome: z.enum(OUTCOMES).meta({
      description:
        '`completed`; `aborted` by the client; `cut` in the middle of a stream; `interrupted` when the gateway died.',
    }),
    isStream: z.boolean(),
    isFallback: z.boolean(),
    isBudgetFallback: z.boolean(),
    isCacheHit: z.boolean(),
    promptTokens: count,
    cachedTokens: count,
    cacheWriteTokens: count,
    completionTokens: count,
    reasoningTokens: count,
    audioTokens: count,
    costNanoUsd: count,
    price: z.string().nullable().meta({
      description:
        'What it was counted with: `<provider>/<model>@<date>`, `provider`, `free`, `cache`; null = nothing.',
    }),
    isEstimated: z.boolean(),
    firstByteMs: count.nullable(),
    durationMs: count,
  })
  .meta({ id: 'LlmRequest' });
export type LlmRequest = z.output<typeof LlmRequest>;

export const LlmRequestPage = pageOf(LlmRequest);

export const RequestsCsv = z.object({ ...LlmRequest.shape, costUsd: usd });
