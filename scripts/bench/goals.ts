import type { Results } from './results.ts';
import type { Soaked } from './soak.ts';

export interface Goal {
  metric: string;
  measured: string;
  must: string;
  aim: string;
  /** Undefined when what it is compared with was not measured. */
  meetsMust: boolean | undefined;
  meetsAim: boolean | undefined;
}

interface Bound {
  metric: string;
  value: number;
  text: string;
  must: number;
  aim?: number;
  is: 'at least' | 'at most' | 'under';
  unit: string;
}

const MARK_BEFORE_GROWTH = 2;

/** What has to hold, line by line, as it was set before anything was measured. */
export function goalsOf(results: Results, soaked: Soaked | undefined): Goal[] {
  const rate = (name: 'json' | 'large', candidate: 'bare' | 'ours' | 'portkey') =>
    results.median(name, candidate, 'perSecond');
  const cpu = (candidate: 'bare' | 'ours' | 'portkey') => results.median('json', candidate, 'cpuUs');
  const times = (value: number) => `${value.toFixed(1)}×`;
  const share = (value: number) => `${(value * 100).toFixed(0)} %`;
  const ms = (value: number) => `${value.toFixed(2)} ms`;
  const first = {
    c64: results.added('streams64', 'ours', 'p50Ms'),
    c512: results.added('streams512', 'ours', 'p50Ms'),
  };
  const portkeyFirst = results.added('streams512', 'portkey', 'p50Ms');
  const growthMb = (soaked?.marks.at(-1)?.rssMb ?? NaN) - (soaked?.marks[MARK_BEFORE_GROWTH]?.rssMb ?? NaN);
  const json = rate('json', 'ours');
  const p50 = results.added('open', 'ours', 'p50Ms');
  const p99 = results.added('open', 'ours', 'p99Ms');
  const bounds: Bound[] = [
    bound('JSON, 64 at once: requests/s, of Portkey’s', json / rate('json', 'portkey'), times, 'at least', 8, 10),
    bound(
      'JSON, 64 at once: requests/s, of the bare pass-through’s',
      json / rate('json', 'bare'),
      share,
      'at least',
      0.4,
      0.5,
    ),
    bound('CPU per request, of the bare pass-through’s', cpu('ours') / cpu('bare'), times, 'at most', 2.5, 2),
    bound('CPU per request: Portkey’s is', cpu('portkey') / cpu('ours'), times, 'at least', 8),
    bound(
      '100 KB prompts: requests/s, of Portkey’s',
      rate('large', 'ours') / rate('large', 'portkey'),
      times,
      'at least',
      5,
      7,
    ),
    bound('Added latency, 300/s evenly: p50', p50, ms, 'at most', 1, 0.6),
    bound('Added latency, 300/s evenly: p99', p99, ms, 'at most', 10, 6),
    bound('First byte of a stream, added, 64 at once', first.c64, ms, 'at most', 3, 1.5),
    bound(
      'First byte of a stream, added, 512 at once: Portkey’s is',
      portkeyFirst / first.c512,
      times,
      'at least',
      8,
      12,
    ),
    bound('Memory (RSS), most of it', soaked?.peakMb ?? NaN, (mb) => `${mb.toFixed(0)} MB`, 'at most', 200, 150),
    bound('Memory, growth in the last three fifths of the soak', growthMb, (mb) => `${mb.toFixed(1)} MB`, 'under', 5),
    bound(
      'Aborted streams: the upstream is told within 250 ms',
      soaked ? soaked.cancelledInTime / soaked.aborted : NaN,
      share,
      'at least',
      1,
    ),
    bound('Reservations left behind', soaked?.leaked ?? NaN, String, 'at most', 0),
  ];
  return bounds.map(judged);
}

/* eslint-disable max-params -- a line of the table above */
const bound = (
  metric: string,
  value: number,
  write: (value: number) => string,
  is: Bound['is'],
  must: number,
  aim?: number,
): Bound => ({
  metric,
  value,
  text: Number.isFinite(value) ? write(value) : 'not measured',
  must,
  ...(aim !== undefined && { aim }),
  is,
  unit: write(1).replace(/^[\d.]+/, ''),
});

function judged({ metric, value, text, must, aim, is, unit }: Bound): Goal {
  const meets = (limit: number) => {
    if (!Number.isFinite(value)) return undefined;
    if (is === 'at least') return value >= limit;
    return is === 'under' ? value < limit : value <= limit;
  };
  const sign = { 'at least': '≥', 'at most': '≤', under: '<' }[is];
  const written = (limit: number) => `${sign} ${unit === ' %' ? limit * 100 : limit}${unit}`;
  return {
    metric,
    measured: text,
    must: written(must),
    aim: aim === undefined ? '' : written(aim),
    meetsMust: meets(must),
    meetsAim: aim === undefined ? undefined : meets(aim),
  };
}
