import { createHash } from 'node:crypto';
import { type Price, dearestOf } from '../prices/price.ts';
import { cycleOf, hashOf } from './weights.ts';

/** Somebody who may serve a request. */
export interface Candidate {
  readonly provider: string;
  /** As this provider calls it. */
  readonly model: string;
  /** It takes nothing for it: the operator says so. */
  readonly isFree: boolean;
  /** Null only where nobody can know, or nothing is taken. */
  readonly price: Price | null;
}

export interface WeightedCandidate extends Candidate {
  readonly weight: number;
}

/** Who may serve a model for a tier, and in which order. */
export class RoutePlan {
  /** What the client asked for. */
  readonly model: string;
  /** All that may be tried, in the order of the document; never empty. */
  readonly candidates: readonly Candidate[];
  /** Name of the counter whose ticket decides who is first; null = nothing to weigh. */
  readonly counter: string | null;
  /** Of each candidate: the part of all requests that it serves first, from 0 to 1. */
  readonly shares: readonly number[];
  /** At least what a request costs whoever serves it; null = none of them takes anything. */
  readonly dearest: Price | null;
  readonly #cycle: readonly number[];
  /** By who is first. */
  readonly #orders: readonly (readonly Candidate[])[];

  constructor(model: string, candidates: readonly WeightedCandidate[], counterPrefix: string) {
    this.model = model;
    this.candidates = candidates;
    this.dearest = dearestOf(candidates.flatMap(({ isFree, price }) => (isFree || !price ? [] : [price])));
    const weights = candidates.map(({ weight }) => weight);
    const isWeighed = weights.filter((weight) => weight > 0).length > 1;
    this.counter = isWeighed ? `${counterPrefix}/${fingerprint(candidates)}` : null;
    this.#cycle = isWeighed
      ? cycleOf(weights)
      : [
          Math.max(
            0,
            weights.findIndex((weight) => weight > 0),
          ),
        ];
    this.shares = candidates.map(
      (_, index) => this.#cycle.filter((chosen) => chosen === index).length / this.#cycle.length,
    );
    this.#orders = candidates.map((first) => [first, ...candidates.filter((candidate) => candidate !== first)]);
  }

  /** Tickets that follow each other choose the first exactly by weight; the others follow as fallbacks. */
  order(ticket: number): readonly Candidate[] {
    return this.#orders[this.#cycle[ticket % this.#cycle.length] ?? 0] ?? this.candidates;
  }

  /** The same id has the same order, and ids are spread by weight. */
  sticky(id: string): readonly Candidate[] {
    return this.order(hashOf(id));
  }
}

/** Models that the same providers serve by the same weights share a counter, so that the tier as a whole is exact. */
function fingerprint(candidates: readonly WeightedCandidate[]): string {
  const text = candidates.map(({ provider, weight }) => `${provider}:${weight}`).join();
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
