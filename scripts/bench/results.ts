import type { Name } from './candidates.ts';
import { median } from './load/load.ts';
import type { Measure, Sample } from './measures.ts';

type Field = keyof Sample;

/** Every sample of every round, and what is said of them: medians. */
export class Results {
  readonly #samples = new Map<string, Sample[]>();

  readonly add = (measure: Measure['name'], candidate: Name, sample: Sample): void => {
    const key = `${measure}/${candidate}`;
    this.#samples.set(key, [...(this.#samples.get(key) ?? []), sample]);
  };

  of(measure: Measure['name'], candidate: Name): readonly Sample[] {
    return this.#samples.get(`${measure}/${candidate}`) ?? [];
  }

  median(measure: Measure['name'], candidate: Name, field: Field): number {
    return median(this.of(measure, candidate).map((sample) => sample[field]));
  }

  /** What a candidate adds to asking the upstream directly, in the same round. */
  added(measure: Measure['name'], candidate: Name, field: Field): number {
    const direct = this.of(measure, 'direct');
    return median(this.of(measure, candidate).map((sample, round) => sample[field] - (direct[round]?.[field] ?? NaN)));
  }
}
