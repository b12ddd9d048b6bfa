import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { ConfigError } from '#core/config/load.ts';
import type { Price } from './price.ts';

const PICO_PER_MICRO = 1_000_000;
const PICO_PER_USD = 1_000_000_000_000;

const wholePico = (factor: number, decimals: string) =>
  z
    .number()
    .nonnegative()
    .transform((usd) => Math.round(usd * factor * 1000) / 1000)
    .refine(Number.isSafeInteger, `must be a whole number of pico-USD (${decimals} decimals at most)`);

/** USD per million tokens, which is micro-USD per token, in; whole pico-USD per token out. */
const perToken = wholePico(PICO_PER_MICRO, 'six');
const perRequest = wholePico(PICO_PER_USD, 'twelve');
const tokens = z.number().int().positive();

const rates = {
  input: perToken,
  cached: perToken.optional(),
  cacheWrite: perToken.optional(),
  output: perToken,
};

const PriceRow = z.strictObject({
  ...rates,
  /** Embeddings have no output. */
  output: perToken.optional(),
  kind: z.enum(['chat', 'embedding']).default('chat'),
  audioInput: perToken.optional(),
  audioOutput: perToken.optional(),
  request: perRequest.optional(),
  above: z.strictObject({ ...rates, promptTokens: tokens }).optional(),
  contextTokens: tokens.optional(),
  maxOutputTokens: tokens.optional(),
  reviewed: z.boolean().default(false),
});
type PriceRow = z.output<typeof PriceRow>;

const PriceFile = z.strictObject({
  prices: z.array(
    z.strictObject({
      provider: z.string().min(1).optional(),
      source: z.url(),
      asOf: z.iso.date(),
      otherModels: PriceRow.optional(),
      models: z.record(z.string(), PriceRow),
    }),
  ),
});

/** Stands for the models of a provider that are not listed. */
export const OTHER_MODELS = '*';

export interface ListedPrice {
  /** Null = the list price, for a provider of which nothing is known. */
  provider: string | null;
  model: string;
  price: Price;
  isEmbedding: boolean;
  /** Somebody has looked at it: it may be 0, or far from what is shipped. */
  isReviewed: boolean;
}

/** @throws {ConfigError} that names the file, and the provider, model and field of every mistake. */
export function readPriceFile(path: string): ListedPrice[] {
  const file = basename(path);
  try {
    return parsePriceFile(readFileSync(path, 'utf8'), file);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError([`LLM_PRICES_FILE: ${path} cannot be read: ${(error as Error).message}`]);
  }
}

export function parsePriceFile(text: string, file: string): ListedPrice[] {
  const document: unknown = parse(text);
  const result = PriceFile.safeParse(document);
  if (!result.success)
    refusePrices(
      file,
      result.error.issues.map((issue) => describe(document, issue)),
    );
  const listed: ListedPrice[] = [];
  for (const { provider = null, asOf, models, otherModels } of result.data.prices) {
    const rows = Object.entries(models);
    if (otherModels) rows.push([OTHER_MODELS, otherModels]);
    for (const [model, row] of rows) listed.push(listedPrice(provider, model, asOf, row));
  }
  const problems = [...twice(listed), ...withoutOutput(listed)];
  if (problems.length > 0) refusePrices(file, problems);
  return listed;
}

export function refusePrices(file: string, problems: readonly string[]): never {
  throw new ConfigError(problems.map((problem) => `${file}: ${problem}`));
}

export const titleOf = ({ provider, model }: Pick<ListedPrice, 'provider' | 'model'>): string =>
  `${provider ?? 'list price'}, ${model === OTHER_MODELS ? 'otherModels' : model}`;

function listedPrice(provider: string | null, model: string, asOf: string, row: PriceRow): ListedPrice {
  const { above } = row;
  const complete = (given: Pick<PriceRow, 'input' | 'cached' | 'cacheWrite' | 'output'>) => {
    const { input, cached = input, cacheWrite = input, output = 0 } = given;
    return { input, cached, cacheWrite, output };
  };
  const base = complete(row);
  // What sound costs is only ever published for short prompts.
  const sound = { audioInput: row.audioInput, audioOutput: row.audioOutput };
  const withSound = (rates: typeof base) => ({
    ...rates,
    audioInput: Math.max(sound.audioInput ?? 0, rates.input),
    audioOutput: Math.max(sound.audioOutput ?? 0, rates.output),
  });
  return {
    provider,
    model,
    isEmbedding: row.kind === 'embedding',
    isReviewed: row.reviewed,
    price: {
      name: `${provider ?? 'custom'}/${model}@${asOf}`,
      ...withSound(base),
      request: row.request ?? 0,
      above: above ? { ...withSound(complete(above)), promptTokens: above.promptTokens } : null,
      contextTokens: row.contextTokens ?? null,
      maxOutputTokens: row.maxOutputTokens ?? null,
      asOf,
    },
  };
}

function twice(listed: readonly ListedPrice[]): string[] {
  const seen = new Set<string>();
  return listed.flatMap((entry) => {
    const title = titleOf(entry);
    if (seen.has(title)) return [`${title}: is listed twice`];
    seen.add(title);
    return [];
  });
}

/** A price that was left out by mistake would be a gift. */
const withoutOutput = (listed: readonly ListedPrice[]): string[] =>
  listed.flatMap((entry) =>
    entry.price.output === 0 && entry.price.input > 0 && !entry.isEmbedding && !entry.isReviewed
      ? [`${titleOf(entry)}: has no price for its output; set output, or kind: embedding, or reviewed: true`]
      : [],
  );

/** `openai, gpt-4o, input: …` instead of `prices.3.models.gpt-4o.input`. */
function describe(document: unknown, { path, message }: { path: readonly PropertyKey[]; message: string }): string {
  const [, section, ...rest] = path;
  const sections = (document as { prices?: { provider?: unknown }[] } | null)?.prices;
  if (typeof section !== 'number' || !Array.isArray(sections))
    return `${path.map(String).join('.') || 'file'}: ${message}`;
  const provider = sections[section]?.provider;
  const fields = rest[0] === 'models' ? rest.slice(1) : rest;
  return `${[typeof provider === 'string' ? provider : 'list price', ...fields.map(String)].join(', ')}: ${message}`;
}
