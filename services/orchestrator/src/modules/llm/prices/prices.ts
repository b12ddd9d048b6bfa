import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import type { TokenUsage } from '../providers/provider.ts';

const PACKAGE = fileURLToPath(new URL('../../../../', import.meta.url));
const PICO_PER_MICRO = 1_000_000;
const PICO_PER_NANO = 1000;
const SNAPSHOT = /-\d{4}-\d{2}-\d{2}$/;

/** USD per million tokens, which is micro-USD per token, in; whole pico-USD per token out: cached tokens are cheap. */
const perToken = z
  .number()
  .nonnegative()
  .transform((usdPerMillion) => Math.round(usdPerMillion * PICO_PER_MICRO * 1000) / 1000)
  .refine(Number.isInteger, 'must be a whole number of pico-USD per token (six decimals at most)');

const PriceFile = z.strictObject({
  prices: z.array(
    z.strictObject({
      source: z.url(),
      asOf: z.iso.date(),
      models: z.record(z.string(), z.strictObject({ input: perToken, cached: perToken.optional(), output: perToken })),
    }),
  ),
});

/** Whole pico-USD per token. */
export interface Price {
  /** `gpt-4o-mini@2026-11-20`. */
  name: string;
  input: number;
  cached: number;
  output: number;
}

export interface Cost {
  costNanoUsd: number;
  /** Null when the model has no price: the cost is 0 and an estimate. */
  price: string | null;
}

export class PriceTable {
  readonly #prices = new Map<string, Price>();

  static parse(text: string): PriceTable {
    const table = new PriceTable();
    for (const { asOf, models } of PriceFile.parse(parse(text)).prices)
      for (const [model, { input, cached, output }] of Object.entries(models))
        table.#prices.set(model, { name: `${model}@${asOf}`, input, cached: cached ?? input, output });
    return table;
  }

  /** A relative path is meant from the package. */
  static load(file: string): PriceTable {
    return PriceTable.parse(readFileSync(resolve(PACKAGE, file), 'utf8'));
  }

  find(model: string): Price | undefined {
    return this.#prices.get(model) ?? this.#prices.get(model.replace(SNAPSHOT, ''));
  }

  /** Cached tokens are part of the prompt (OpenAI's way of counting), so they are taken out before the rest is priced. */
  cost(model: string, { promptTokens, cachedTokens, completionTokens }: TokenUsage): Cost {
    const price = this.find(model);
    if (!price) return { costNanoUsd: 0, price: null };
    const cached = Math.min(cachedTokens, promptTokens);
    const pico = (promptTokens - cached) * price.input + cached * price.cached + completionTokens * price.output;
    // A part of a nano-dollar is a whole one: never less than the provider takes.
    return { costNanoUsd: Math.ceil(pico / PICO_PER_NANO), price: price.name };
  }
}
