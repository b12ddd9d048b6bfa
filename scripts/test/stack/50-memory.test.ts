import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { containers } from './support/docker.ts';
import { ensureInstalled } from './support/installation.ts';
import type { Sample } from './support/sampler.ts';
import { runFolder } from './support/setting.ts';
import { account } from './support/tour.ts';

/** Not the programs that production runs: their figures say nothing. */
const STANDINS = new Set(
  [
    'lago-api',
    'lago-worker',
    'lago-clock',
    'lago-migrate',
    'grafana',
    'loki',
    'alloy',
    'socket-proxy',
    'outside',
  ].concat(['bench-backend', 'bench-websocket', 'bench-worker', 'bench-scheduler', 'bench-nginx']),
);

test.before('a stack that was toured', async () => {
  await ensureInstalled();
  await account();
});

test('every service keeps within its limit, and the kernel has killed nothing', async (t) => {
  // At rest: what the tour left behind has settled.
  await sleep(20_000);
  const samples = JSON.parse(readFileSync(join(runFolder, 'memory.json'), 'utf8')) as Record<string, Sample>;
  const rows = Object.entries(samples).sort(([a], [b]) => (a < b ? -1 : 1));
  const up = new Set([...(await containers())].filter(([, { State }]) => State.Running).map(([service]) => service));
  const running = rows.filter(([name]) => up.has(name));
  t.deepEqual(
    [...up].filter((name) => !samples[name]?.peakMib),
    [],
    'not measured',
  );
  const table = [
    '| service | limit MiB | peak MiB | at rest MiB | program |',
    '| --- | ---: | ---: | ---: | --- |',
    ...rows.map(
      ([name, one]) =>
        `| ${name} | ${one.limitMib} | ${Math.ceil(one.peakMib)} | ${Math.ceil(one.lastMib)} | ${STANDINS.has(name) ? 'stand-in' : 'real'} |`,
    ),
    `| all that keep running | ${sum(running, 'limitMib')} | ${sum(running, 'peakMib')} | ${sum(running, 'lastMib')} | |`,
  ];
  for (const line of table) t.log(`${line}`);
  writeFileSync(join(runFolder, 'memory.md'), `${table.join('\n')}\n`);
  t.deepEqual(
    rows.filter(([, one]) => one.oomKills > 0).map(([name]) => name),
    [],
    'killed for lack of memory',
  );
  t.deepEqual(
    rows
      .filter(([, one]) => one.limitMib === 0)
      .map(([name]) => name)
      .filter((name) => name !== 'outside'),
    [],
    'without a limit',
  );
});

const sum = (rows: [string, Sample][], field: 'limitMib' | 'peakMib' | 'lastMib') =>
  Math.ceil(rows.filter(([name]) => name !== 'outside').reduce((total, [, one]) => total + one[field], 0));
