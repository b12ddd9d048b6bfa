import { Counter, type CounterConfiguration, Histogram, type HistogramConfiguration } from 'prom-client';

/**
 * Counts of what every request does. prom-client takes a third of a microsecond for each, writing the labels anew to find
 * the child that they name: here a child is kept by whoever counts, and is only read when somebody asks for the metrics.
 */
export class Tally {
  value = 0;
}

/** How often something took how long. */
export class Spread {
  readonly #bounds: readonly number[];
  /** Of each bucket alone; the last one is what no bound holds. */
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  get count(): number {
    return this.counts.reduce((sum, own) => sum + own, 0);
  }

  observe(value: number): void {
    let bucket = 0;
    for (const bound of this.#bounds) {
      if (value <= bound) break;
      bucket += 1;
    }
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sum += value;
  }
}

export type Labelled<L extends string, T> = readonly [labels: Record<L, string>, child: T];

/** A counter that is read from what was tallied elsewhere. */
export function tallied<L extends string>(
  config: Omit<CounterConfiguration<L>, 'collect'>,
  children: () => Iterable<Labelled<L, Tally>>,
): void {
  new Counter<L>({
    ...config,
    collect() {
      this.reset();
      for (const [labels, { value }] of children()) this.inc(labels, value);
    },
  });
}

interface SpreadConfiguration<L extends string> extends Omit<HistogramConfiguration<L>, 'buckets' | 'collect'> {
  buckets: readonly number[];
}

/** A histogram that is read from spreads of the same buckets. */
export class SpreadHistogram<L extends string> extends Histogram<L> {
  readonly #described: { name: string; help: string; buckets: readonly number[]; type: string; aggregator: string };
  readonly #children: () => Iterable<Labelled<L, Spread>>;

  constructor(config: SpreadConfiguration<L>, children: () => Iterable<Labelled<L, Spread>>) {
    super({ ...config, buckets: [...config.buckets] });
    const { name, help, buckets } = config;
    this.#described = { name, help, buckets, type: 'histogram', aggregator: 'sum' };
    this.#children = children;
  }

  /** What `get` and registries ask for: prom-client does not say so, but its own histograms have it. */
  getForPromString() {
    const values = [...this.#children()].flatMap(([labels, spread]) => this.#valuesOf(labels, spread));
    return Promise.resolve({ ...this.#described, values });
  }

  #valuesOf(sharedLabels: Record<L, string>, { counts, sum }: Spread) {
    const { name } = this.#described;
    let count = 0;
    const buckets = counts.map((own, index) => {
      count += own;
      const labels = { le: this.#described.buckets[index] ?? '+Inf' };
      return { metricName: `${name}_bucket`, labels, sharedLabels, value: count };
    });
    const summed = { metricName: `${name}_sum`, labels: {}, sharedLabels, value: sum };
    return [...buckets, summed, { metricName: `${name}_count`, labels: {}, sharedLabels, value: count }];
  }
}
