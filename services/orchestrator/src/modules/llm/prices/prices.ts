import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TokenUsage } from '../providers/provider.ts';
import { isBelievable } from './belief.ts';
import { suspicions } from './guard.ts';
import type { Price } from './price.ts';
import { type ListedPrice, OTHER_MODELS, readPriceFile, refusePrices } from './price-file.ts';

const PACKAGE = fileURLToPath(new URL('../../../../', import.meta.url));
const SHIPPED = resolve(PACKAGE, 'llm-prices.yaml');
const PICO_PER_NANO = 1000;
/** `-2024-07-18`, `-20250929`. */
const SNAPSHOT = /-(?:\d{4}-\d{2}-\d{2}|\d{8})$/;
/** The provider that may be anybody. */
const ANYBODY = 'custom';

export interface Cost {
  costNanoUsd: number;
  /** Null when the model has no price: the cost is 0 and an estimate. */
  price: string | null;
  /** The provider says something that cannot be: it is not believed, and the cost is by our own price. */
  isDisputed?: true;
}

/** What every model of every provider costs; read once, it does not change. */
export class PriceTable {
  readonly #prices = new Map<string | null, Map<string, Price>>();

  constructor(...layers: readonly ListedPrice[][]) {
    for (const { provider, model, price } of layers.flat()) {
      const models = this.#prices.get(provider) ?? new Map<string, Price>();
      this.#prices.set(provider, models.set(model, price));
    }
  }

  /**
   * The shipped prices, and over them the operator's own if there are any; a relative path is meant from the package.
   * @throws {ConfigError} that names file, provider and model.
   */
  static load(ownFile?: string): PriceTable {
    const shipped = readPriceFile(SHIPPED);
    refuseSuspicious('llm-prices.yaml', shipped, shipped);
    if (ownFile === undefined || ownFile === '' || resolve(PACKAGE, ownFile) === SHIPPED)
      return new PriceTable(shipped);
    const own = readPriceFile(resolve(PACKAGE, ownFile));
    refuseSuspicious(ownFile, own, shipped);
    return new PriceTable(shipped, own);
  }

  /** A dated snapshot has the price of its model unless it has its own; what is not listed that of the other models. */
  find(provider: string, model: string): Price | undefined {
    return (
      this.#listed(provider, model) ??
      (provider === ANYBODY ? this.#listed(null, model) : undefined) ??
      this.#prices.get(provider)?.get(OTHER_MODELS)
    );
  }

  /**
   * What the provider says that it costs is what it costs, unless that cannot be; `isFree` is the operator's word that it
   * takes nothing.
   */
  cost(price: Price | null, isFree: boolean, usage: TokenUsage): Cost {
    const said = usage.costNanoUsd;
    const own = price === null ? null : nanoUsd(price, usage);
    if (said !== null && isBelievable(said, own, usage)) return { costNanoUsd: Math.ceil(said), price: 'provider' };
    const cost = isFree
      ? { costNanoUsd: 0, price: 'free' }
      : { costNanoUsd: own ?? 0, price: price === null ? null : price.name };
    return said === null ? cost : { ...cost, isDisputed: true };
  }

  #listed(provider: string | null, model: string): Price | undefined {
    if (model === OTHER_MODELS) return undefined;
    const models = this.#prices.get(provider);
    return models?.get(model) ?? models?.get(model.replace(SNAPSHOT, ''));
  }
}

/** Every token is counted once, at the price of what it most specially is: parts are included in their whole. */
function nanoUsd(price: Price, usage: TokenUsage): number {
  const { promptTokens, completionTokens } = usage;
  const rates = price.above && promptTokens > price.above.promptTokens ? price.above : price;
  const cached = Math.min(usage.cachedTokens, promptTokens);
  const written = Math.min(usage.cacheWriteTokens, promptTokens - cached);
  const heard = Math.min(usage.audioPromptTokens, promptTokens - cached - written);
  const spoken = Math.min(usage.audioCompletionTokens, completionTokens);
  const plain = promptTokens - cached - written - heard;
  const text = completionTokens - spoken;
  const pico =
    price.request +
    plain * rates.input +
    cached * rates.cached +
    written * rates.cacheWrite +
    heard * rates.audioInput +
    text * rates.output +
    spoken * rates.audioOutput;
  // A part of a nano-dollar is a whole one: never less than the provider takes.
  if (Number.isSafeInteger(pico)) return Math.ceil(pico / PICO_PER_NANO);
  return exactNanoUsd(price.request, [
    [plain, rates.input],
    [cached, rates.cached],
    [written, rates.cacheWrite],
    [heard, rates.audioInput],
    [text, rates.output],
    [spoken, rates.audioOutput],
  ]);
}

/** For amounts that are not whole as floating-point numbers any more. */
function exactNanoUsd(request: number, amounts: readonly (readonly [tokens: number, rate: number])[]): number {
  const pico = amounts.reduce((sum, [tokens, rate]) => sum + BigInt(tokens) * BigInt(rate), BigInt(request));
  const perNano = BigInt(PICO_PER_NANO);
  return Number((pico + perNano - 1n) / perNano);
}

function refuseSuspicious(file: string, own: readonly ListedPrice[], shipped: readonly ListedPrice[]): void {
  const problems = suspicions(own, shipped);
  if (problems.length > 0) refusePrices(file, problems);
}
