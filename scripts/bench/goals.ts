import type { Name } from './candidates.ts';
import { portkeyVersions } from './portkey.ts';
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

const times = (value: number) => `${value.toFixed(2)}×`;
const share = (value: number) => `${(value * 100).toFixed(1)} %`;
const ms = (value: number) => `${value.toFixed(2)} ms`;
const mb = (value: number) => `${value.toFixed(1)} MB`;

/** What has to hold, line by line, as it was set before this gateway was measured. */
export function goalsOf(results: Results, soaked: Soaked | undefined): Goal[] {
  const rate = (name: 'json' | 'large', candidate: Name) => results.median(name, candidate, 'perSecond');
  const cpu = (candidate: Name) => results.median('json', candidate, 'cpuUs');
  const first = (name: 'streams64' | 'streams512', candidate: Name) => results.added(name, candidate, 'p50Ms');
  const added = (field: 'p50Ms' | 'p99Ms') => results.added('open', 'ours', field);
  const json = rate('json', 'ours');
  const bounds = [
    ...ofBothPortkeys((portkey, whose) =>
      bound(`JSON, 64 at once: requests/s, of ${whose}`, json / rate('json', portkey), times, 'at least', 8, 10),
    ),
    bound(`JSON, 64 at once: requests/s, of ${BARE}`, json / rate('json', 'bare'), share, 'at least', 0.4, 0.5),
    bound(`CPU per request, of ${BARE}`, cpu('ours') / cpu('bare'), times, 'at most', 2.5, 2),
    ...ofBothPortkeys((portkey, whose) =>
      bound(`CPU per request, of ${whose}`, cpu('ours') / cpu(portkey), share, 'at most', 1 / 8),
    ),
    ...ofBothPortkeys((portkey, whose) =>
      bound(
        `100 KB prompts: requests/s, of ${whose}`,
        rate('large', 'ours') / rate('large', portkey),
        times,
        'at least',
        5,
        7,
      ),
    ),
    bound('Added latency, 300/s evenly: p50', added('p50Ms'), ms, 'at most', 1, 0.6),
    bound('Added latency, 300/s evenly: p99', added('p99Ms'), ms, 'at most', 10, 6),
    bound('First byte of a stream, added, 64 at once', first('streams64', 'ours'), ms, 'at most', 3, 1.5),
    ...ofBothPortkeys((portkey, whose) =>
      bound(
        `First byte of a stream, added, 512 at once, of ${whose}`,
        first('streams512', 'ours') / first('streams512', portkey),
        share,
        'at most',
        1 / 8,
        1 / 12,
      ),
    ),
    ...memory(soaked),
  ];
  return bounds.map(judged);
}

const BARE = 'the bare pass-through’s';

/** A goal that names Portkey is judged twice: the second time it is harder, for a newer Node makes Portkey faster. */
const ofBothPortkeys = (line: (portkey: Name, whose: string) => Bound): Bound[] => [
  line('portkeyShipped', `Portkey’s as shipped (Node ${portkeyVersions().node.split('.')[0] ?? ''})`),
  line('portkeySame', `Portkey’s on our Node ${process.versions.node.split('.')[0] ?? ''}`),
];

function memory(soaked: Soaked | undefined): Bound[] {
  const { marks = [], peakMb = NaN, cancelledInTime = NaN, aborted = NaN, leaked = NaN } = soaked ?? {};
  const growthMb = (marks.at(-1)?.rssMb ?? NaN) - (marks[MARK_BEFORE_GROWTH]?.rssMb ?? NaN);
  return [
    bound('Memory (RSS), most of it', peakMb, mb, 'at most', 200, 150),
    bound('Memory, growth in the last three fifths of the soak', growthMb, mb, 'under', 5),
    bound('Aborted streams: the upstream is told within 250 ms', cancelledInTime / aborted, share, 'at least', 1),
    bound('Reservations left behind', leaked, String, 'at most', 0),
  ];
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
  const written = (limit: number) => `${sign} ${unit === ' %' ? Math.round(limit * 1000) / 10 : limit}${unit}`;
  return {
    metric,
    measured: text,
    must: written(must),
    aim: aim === undefined ? '' : written(aim),
    meetsMust: meets(must),
    meetsAim: aim === undefined ? undefined : meets(aim),
  };
}
