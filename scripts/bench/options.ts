import { parseArgs } from 'node:util';
import { type Measure, MEASURES, type Times } from './measures.ts';

/** What can be left out to measure one thing in a hurry. */
const OPTIONAL = ['direct', 'bare', 'portkey'] as const;
const SOAK = 'soak';

export interface Options {
  /** The limiter without the gateway, and nothing else. */
  isOfLimits: boolean;
  /** It sees that everything works under load and how one change moved one number; it is no benchmark. */
  isQuick: boolean;
  /** Everything is measured, and everybody: what docs/benchmarks.md may be written from. */
  isWhole: boolean;
  measures: readonly Measure[];
  without: readonly (typeof OPTIONAL)[number][];
  rounds: number;
  times: Times;
  /** Of code that has not been compiled for speed yet, nothing is measured. */
  warmUpRound: Times | undefined;
  soak: { requests: number; aborts: number } | undefined;
}

const FULL = { rounds: 5, times: { warmUpMs: 2000, measureMs: 5000 }, soak: { requests: 100_000, aborts: 1000 } };
const QUICK = { rounds: 1, times: { warmUpMs: 500, measureMs: 1000 }, soak: { requests: 5000, aborts: 100 } };
/** One measure and two candidates in less than 40 s. */
const QUICK_ONE = { ...QUICK, rounds: 3, times: { warmUpMs: 500, measureMs: 2000 } };

export function readOptions(): Options {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      only: { type: 'string' },
      without: { type: 'string' },
    },
  });
  const unknown = positionals.find((word) => word !== 'limits');
  if (unknown !== undefined) throw new Error(`${unknown} is not known: only limits can be asked for by a word.`);
  const names = [...MEASURES.map(({ name }) => name), SOAK] as const;
  const only = listOf('only', values.only, names) ?? names;
  const without = listOf('without', values.without, OPTIONAL) ?? [];
  const isWhole = only.length === names.length && without.length === 0;
  const size = !values.quick ? FULL : values.only === undefined ? QUICK : QUICK_ONE;
  return {
    isOfLimits: positionals.length > 0,
    isQuick: values.quick,
    isWhole,
    measures: MEASURES.filter(({ name }) => only.includes(name)),
    without,
    rounds: Number(values.rounds ?? size.rounds),
    times: size.times,
    warmUpRound: size === QUICK ? undefined : { warmUpMs: 2000, measureMs: 2000 },
    soak: only.includes(SOAK) ? size.soak : undefined,
  };
}

function listOf<Name extends string>(
  flag: string,
  given: string | undefined,
  names: readonly Name[],
): readonly Name[] | undefined {
  const picked = given?.split(',').filter((name) => name !== '');
  const unknown = picked?.find((name) => !names.some((known) => known === name));
  if (unknown !== undefined) throw new Error(`--${flag} takes ${names.join(', ')}; ${unknown} is none of them.`);
  return picked && names.filter((name) => picked.includes(name));
}
