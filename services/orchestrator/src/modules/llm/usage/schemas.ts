import { z } from 'zod';

const MAX_DAYS = 366;
const DAY_MS = 86_400_000;
const day = z.iso.date('must be a date like 2026-01-31');

/** Days are UTC's; `to` is included. Left out: the last 30 days. */
export const UsageQuery = z
  .object({
    from: day.optional().meta({ description: 'First day, UTC. Left out: 29 days before `to`.' }),
    to: day.optional().meta({ description: 'Last day, UTC, included. Left out: today.' }),
  })
  .transform(({ from, to }) => {
    const last = to ?? new Date().toISOString().slice(0, 10);
    return { from: from ?? new Date(Date.parse(last) - 29 * DAY_MS).toISOString().slice(0, 10), to: last };
  })
  .refine(({ from, to }) => from <= to, { path: ['from'], message: 'must not be after `to`' })
  .refine(({ from, to }) => Date.parse(to) - Date.parse(from) < MAX_DAYS * DAY_MS, {
    path: ['from'],
    message: `must be less than ${MAX_DAYS} days before \`to\``,
  });
export type UsageQuery = z.output<typeof UsageQuery>;

const count = z.number().int().nonnegative();

export const LlmUsageTotals = z
  .object({
    requests: count,
    promptTokens: count,
    completionTokens: count,
    costNanoUsd: count.meta({ description: 'In nano-USD: 1 000 000 000 is one dollar.' }),
  })
  .meta({ id: 'LlmUsageTotals' });
export type LlmUsageTotals = z.output<typeof LlmUsageTotals>;

export const LlmUsage = z
  .object({
    totals: LlmUsageTotals,
    days: z
      .array(LlmUsageTotals.extend({ day: z.iso.date() }))
      .meta({ description: 'Days with requests, oldest first.' }),
  })
  .meta({ id: 'LlmUsage' });
export type LlmUsage = z.output<typeof LlmUsage>;
