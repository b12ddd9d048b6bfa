import { join } from 'node:path';
import type { Cores } from '../machine.ts';
import { type Servers, start } from '../processes.ts';
import type { LimitsFound } from './found.ts';

export async function measureLimits({ redis }: Servers, cores: Cores): Promise<LimitsFound> {
  const { readyLine } = await start(
    {
      name: 'the limiter',
      command: [process.execPath, join(import.meta.dirname, 'alone.ts')],
      env: { TEST_REDIS_URL: redis },
      isReady: (line) => line.startsWith('limits '),
    },
    cores.gateway,
  );
  return JSON.parse(readyLine.slice('limits '.length)) as LimitsFound;
}

/** As a table of Markdown, which reads well in a terminal too. */
export function limitsTable({ requests, nothing }: LimitsFound): string[] {
  const share = ((requests.perSecond / nothing.perSecond) * 100).toFixed(0);
  const row = (what: string, { perSecond, nodeUs, redisUs, aloneMs }: LimitsFound['nothing']) =>
    `| ${what} | ${perSecond.toFixed(0)} | ${nodeUs.toFixed(0)} | ${redisUs.toFixed(0)} | ${aloneMs.toFixed(2)} |`;
  return [
    '| 64 at once | per second | CPU µs each, Node | CPU µs each, Redis | one at a time, ms |',
    '|---|---:|---:|---:|---:|',
    row('requests reserved and settled, every limit set', requests),
    row('plain `EVALSHA` of `return 1`, a call each', nothing),
    '',
    `The limiter does ${share} % as many as Redis and its client can do of nothing, though a request is two calls to it: what is asked in`,
    'one turn of the event loop is one script.',
  ];
}
