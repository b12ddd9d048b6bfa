import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Name, ROOT, nodeOptions } from './candidates.ts';
import { type Goal, goalsOf } from './goals.ts';
import { machineFacts } from './machine.ts';
import { MEASURES, type Measure, type Sample, type Times } from './measures.ts';
import type { Results } from './results.ts';
import type { Soaked } from './soak.ts';

export interface Run {
  results: Results;
  soaked: Soaked;
  rounds: number;
  times: Times;
  requests: number;
  /** Why Portkey is not in it, if it is not. */
  missing: string | undefined;
}

const NAMES: Record<Name, string> = {
  direct: 'direct',
  bare: 'bare pass-through',
  ours: 'Bastide',
  portkey: 'Portkey',
};
const CANDIDATES = Object.keys(NAMES) as Name[];

/** For whoever waits for it: a line for each thing that was measured, candidates side by side. */
export function inShort(results: Results, soaked: Soaked | undefined): string[] {
  const line = (what: string, name: Measure['name'], write: (candidate: Name) => string) =>
    `${what.padEnd(24)}${CANDIDATES.filter((candidate) => results.of(name, candidate).length > 0)
      .map((candidate) => `${NAMES[candidate]} ${write(candidate)}`)
      .join(' · ')}`;
  const lines = MEASURES.filter(({ name }) => results.of(name, 'ours').length > 0).flatMap(({ name }) => {
    const median = (candidate: Name, field: keyof Sample, digits: number) =>
      results.median(name, candidate, field).toFixed(digits);
    return [
      line(`${name}: per second`, name, (candidate) => median(candidate, 'perSecond', 0)),
      line(`${name}: CPU µs each`, name, (candidate) => (candidate === 'direct' ? '–' : median(candidate, 'cpuUs', 0))),
      line(
        `${name}: p50/p99 ms`,
        name,
        (candidate) => `${median(candidate, 'p50Ms', 2)}/${median(candidate, 'p99Ms', 1)}`,
      ),
    ];
  });
  if (!soaked) return lines;
  const marks = soaked.marks.map(({ rssMb }) => rssMb.toFixed(0)).join(' → ');
  return [...lines, `${'soak: RSS MB'.padEnd(24)}${marks}, at most ${soaked.peakMb.toFixed(0)}`];
}

/** docs/benchmarks.md, all of it. */
export function report(run: Run): string {
  const { results, soaked } = run;
  return [
    '# Benchmarks of the LLM gateway',
    '',
    'Written by `npm run bench`; nothing here is typed by hand.',
    '',
    ...goalTable(goalsOf(results, soaked)),
    ...(run.missing === undefined ? [] : [`Portkey was not measured: ${run.missing}`, '']),
    ...measures(results),
    ...memory(soaked),
    ...method(run),
    ...raw(results),
  ].join('\n');
}

function goalTable(goals: readonly Goal[]): string[] {
  const mark = (meets: boolean | undefined) => (meets === undefined ? '' : meets ? ' ✓' : ' ✗');
  const rows = goals.map(
    (goal) =>
      `| ${goal.metric} | ${goal.measured} | ${goal.must}${mark(goal.meetsMust)} | ${goal.aim}${mark(goal.meetsAim)} |`,
  );
  return ['| metric | measured | must | aim |', '|---|---|---|---|', ...rows, ''];
}

function measures(results: Results): string[] {
  return MEASURES.flatMap(({ name, title }) => [
    `## ${title}`,
    '',
    '| | per second | p50 ms | p99 ms | CPU µs each |',
    '|---|---|---|---|---|',
    ...CANDIDATES.filter((candidate) => results.of(name, candidate).length > 0).map((candidate) => {
      const value = (field: keyof Sample) => results.median(name, candidate, field);
      const cpu = candidate === 'direct' ? '' : value('cpuUs').toFixed(0);
      return `| ${NAMES[candidate]} | ${value('perSecond').toFixed(0)} | ${value('p50Ms').toFixed(2)} | ${value('p99Ms').toFixed(2)} | ${cpu} |`;
    }),
    '',
  ]);
}

function memory({ marks, peakMb, aborted, cancelledInTime, cancelled, leaked }: Soaked): string[] {
  return [
    '## Memory',
    '',
    `Bastide, in five blocks, each with its part of ${aborted} streams that their clients leave in the middle. Most of it: ${peakMb.toFixed(0)} MB.`,
    `The upstream saw ${cancelled} clients leave, ${cancelledInTime} of them within 250 ms. ${leaked} reservations were left behind.`,
    '',
    '| after requests | RSS MB | open files |',
    '|---|---|---|',
    ...marks.map((mark) => `| ${mark.requests} | ${mark.rssMb.toFixed(1)} | ${mark.openFiles} |`),
    '',
  ];
}

function method({ rounds, times, requests }: Run): string[] {
  const { cpu, memoryGb, kernel } = machineFacts();
  return [
    '## How it is measured',
    '',
    `- Machine: ${cpu}, ${memoryGb} GB, Linux ${kernel}; Node ${process.versions.node} for all; ${version('mariadbd')}; ${version('redis-server')}; Portkey ${portkeyVersion()} with the libraries of its own lock file.`,
    '- One run, everything on loopback. The candidate under test has one core to itself (`taskset`); the load, the upstream and the stores share the others. An idle candidate stays started.',
    `- Medians of ${rounds} rounds; in a round the candidates take turns at every measure, another one first each time. A measure lasts ${times.measureMs / 1000} s after a warm-up.`,
    '- CPU is user and system time of the candidate’s process, all threads, by `/proc`: what is disturbed least by other work on the machine. Compare within one run only.',
    '- **direct**: the load asks the upstream. **bare pass-through**: `node:http` in, undici’s `dispatch` out, and no gateway in between (scripts/bench/peers/bare.ts). **Portkey**: provider `openai` with its host set, no cache, no hooks, no accounting.',
    `- **Bastide**: the gateway’s own process with production settings and \`NODE_OPTIONS="${nodeOptions()}"\` as in docker-compose.yml, with everything on: keys of 64 tenants, requests per minute and messages per day, a budget of the key and of everybody, routes with an alias and a fallback, breaker, journal on disk, usage by Redis to MariaDB. The consumer of the usage runs beside it, as the worker does.`,
    `- Soak: ${requests} requests as fast as they are answered. Growth is from the second fifth to the end. The table’s first byte and latency are what is added to **direct** in the same round.`,
    '- The upstream, the load and Redis have the other core to themselves: where a candidate is faster than they are, as the bare pass-through nearly is, its requests per second are theirs. CPU per request has no such ceiling.',
    '',
    'Again: `npm run bench` (about 15 minutes on a machine with nothing else to do; writes this page), `npm run bench -- --quick` (under two minutes; writes nothing and fails only when something breaks).',
    '',
  ];
}

function raw(results: Results): string[] {
  const lines = MEASURES.flatMap(({ name }) =>
    CANDIDATES.flatMap((candidate) =>
      results
        .of(name, candidate)
        .map(
          ({ perSecond, p50Ms, p99Ms, cpuUs }, round) =>
            `| ${name} | ${NAMES[candidate]} | ${round + 1} | ${perSecond.toFixed(0)} | ${p50Ms.toFixed(2)} | ${p99Ms.toFixed(2)} | ${cpuUs.toFixed(0)} |`,
        ),
    ),
  );
  const head = [
    '| measure | candidate | round | per second | p50 ms | p99 ms | CPU µs |',
    '|---|---|---|---|---|---|---|',
  ];
  return ['<details><summary>Every round</summary>', '', ...head, ...lines, '', '</details>', ''];
}

function version(server: string): string {
  try {
    const text = execFileSync(server, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const number = /\d+\.\d+\.\d+/.exec(text)?.[0] ?? '';
    return `${server === 'mariadbd' ? 'MariaDB' : 'Redis'} ${number}`;
  } catch {
    return server;
  }
}

function portkeyVersion(): string {
  const path = join(ROOT, 'scripts/bench/peers/portkey/package.json');
  const { dependencies } = JSON.parse(readFileSync(path, 'utf8')) as { dependencies: Record<string, string> };
  return dependencies['@portkey-ai/gateway'] ?? '';
}
