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

  range(measure: Measure['name'], candidate: Name, field: Field): { least: number; most: number } {
    const values = this.of(measure, candidate).map((sample) => sample[field]);
    return { least: Math.min(...values), most: Math.max(...values) };
  }

  /** How far the rounds are apart, as a share of their median. */
  spread(measure: Measure['name'], candidate: Name, field: Field): number {
    const { least, most } = this.range(measure, candidate, field);
    return (most - least) / this.median(measure, candidate, field);
  }

  /** Of all measures and candidates. */
  all(field: Field): number[] {
    return [...this.#samples.values()].flat().map((sample) => sample[field]);
  }

  /** What a candidate adds to asking the upstream directly, in the same round. */
  added(measure: Measure['name'], candidate: Name, field: Field): number {
    const direct = this.of(measure, 'direct');
    return median(this.of(measure, candidate).map((sample, round) => sample[field] - (direct[round]?.[field] ?? NaN)));
  }
}
