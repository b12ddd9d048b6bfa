import { execFileSync } from 'node:child_process';
import { type Name, memorySettings } from './candidates.ts';
import { type Goal, goalsOf } from './goals.ts';
import type { LimitsFound } from './limits/found.ts';
import { limitsTable } from './limits/limits.ts';
import { machineFacts } from './machine.ts';
import { MEASURES, type Measure, type Sample, type Times } from './measures.ts';
import { described, noiseOf } from './noise.ts';
import { portkeyVersions } from './portkey.ts';
import type { Results } from './results.ts';
import type { Soaked } from './soak.ts';

export interface Run {
  results: Results;
  soaked: Soaked;
  limits: LimitsFound;
  rounds: number;
  times: Times;
  requests: number;
  /** Why Portkey is not in it, if it is not. */
  missing: string | undefined;
}

const OURS_NODE = `Node ${process.versions.node}`;
const SHIPPED_NODE = `Node ${portkeyVersions().node}`;
const NAMES: Record<Name, { short: string; long: string }> = {
  direct: { short: 'direct', long: 'direct' },
  bare: { short: 'bare', long: 'bare pass-through' },
  ours: { short: 'ours', long: '**Bastide**' },
  portkeyShipped: { short: 'Portkey/20', long: `Portkey as shipped (${SHIPPED_NODE})` },
  portkeySame: { short: 'Portkey/24', long: `Portkey on our ${OURS_NODE}` },
};
const CANDIDATES = Object.keys(NAMES) as Name[];
const LABEL_WIDTH = 24;

/** For whoever waits for it: a line for each thing that was measured, candidates side by side. */
export function inShort(results: Results, soaked: Soaked | undefined): string[] {
  const lines = MEASURES.filter(({ name }) => results.of(name, 'ours').length > 0).flatMap(({ name }) => {
    const line = (what: string, write: (candidate: Name) => string) =>
      `${name}: ${what}`.padEnd(LABEL_WIDTH) +
      CANDIDATES.filter((candidate) => results.of(name, candidate).length > 0)
        .map((candidate) => `${NAMES[candidate].short} ${write(candidate)}`)
        .join(' · ');
    const median = (candidate: Name, field: keyof Sample, digits = 0) =>
      results.median(name, candidate, field).toFixed(digits);
    const percent = (candidate: Name, field: keyof Sample) =>
      `${(results.median(name, candidate, field) * 100).toFixed(0)}`;
    return [
      line('per second', (candidate) => median(candidate, 'perSecond')),
      line('CPU µs each', (candidate) => (candidate === 'direct' ? '–' : median(candidate, 'cpuUs'))),
      line('p50/p99 ms', (candidate) => `${median(candidate, 'p50Ms', 2)}/${median(candidate, 'p99Ms', 1)}`),
      line('core/noise/others %', (candidate) =>
        [percent(candidate, 'coreShare'), percent(candidate, 'foreignShare'), percent(candidate, 'othersShare')].join(
          '/',
        ),
      ),
    ];
  });
  if (lines.length > 0) lines.push(described(noiseOf(results)));
  if (!soaked) return lines;
  const marks = soaked.marks.map(({ rssMb }) => rssMb.toFixed(0)).join(' → ');
  return [...lines, `${'soak: RSS MB'.padEnd(LABEL_WIDTH)}${marks}, at most ${soaked.peakMb.toFixed(0)}`];
}

/** docs/benchmarks.md, all of it. */
export function report(run: Run): string {
  const { results, soaked, missing } = run;
  return [
    '# Benchmarks of the LLM gateway',
    '',
    'What the gateway costs with everything on, beside a pass-through that does nothing and a gateway of the same language that does',
    'less. Written by `npm run bench`, all of it: nothing here is typed by hand. One machine, one run; ratios carry over to others, absolute figures do not.',
    '',
    '## Goals',
    '',
    ...goalTable(goalsOf(results, soaked)),
    ...(missing === undefined
      ? aboutPortkey()
      : [`**Portkey was not measured** and no goal that names it was judged: ${missing}`, '']),
    described(noiseOf(results)),
    '',
    ...measures(run),
    ...memory(run),
    '## The limiter alone',
    '',
    'Quotas and budgets, without a gateway around them, and one Redis.',
    '',
    ...limitsTable(run.limits),
    '',
    ...method(run),
    ...notMeasured(),
    ...again(),
    ...raw(results),
  ].join('\n');
}

function goalTable(goals: readonly Goal[]): string[] {
  const mark = (meets: boolean | undefined) => (meets === undefined ? '' : meets ? ' ✓' : ' ✗');
  const rows = goals.map(
    (goal) =>
      `| ${goal.metric} | ${goal.measured} | ${goal.must}${mark(goal.meetsMust)} | ${goal.aim}${mark(goal.meetsAim)} |`,
  );
  const judged = goals.filter(({ meetsMust }) => meetsMust !== undefined);
  const met = judged.filter(({ meetsMust }) => meetsMust).length;
  return [
    `Set before this gateway was measured. Of ${judged.length} that could be judged ${met} are met.`,
    '',
    '| metric | measured | must | aim |',
    '|---|---|---|---|',
    ...rows,
    '',
  ];
}

/** Which comparison a goal means is for the reader to see, not for us to choose silently. */
function aboutPortkey(): string[] {
  return [
    `**Two lines for Portkey.** The goals name its package from npm with the libraries of its lock file, and no version of Node. They were set from measurements on Node 20, which is also what its makers' image has (\`node:20-alpine\`, Dockerfile of ${portkeyVersions().portkey}): *as shipped* is what its users run, and what the goals were set by. In those measurements our prototype had Node 20 as well; ours needs Node 24, which alone makes Portkey much faster. *On our Node* only the gateway differs: the harder comparison, judged by the same bounds.`,
    '',
  ];
}

function measures({ results }: Run): string[] {
  return MEASURES.flatMap(({ name, title }) => [
    `## ${title}`,
    '',
    '| | per second | p50 ms | p99 ms | CPU µs each | its core | other cores |',
    '|---|---:|---:|---:|---:|---:|---:|',
    ...CANDIDATES.filter((candidate) => results.of(name, candidate).length > 0).map((candidate) => {
      const ranged = (field: keyof Sample, digits = 0) => {
        const { least, most } = results.range(name, candidate, field);
        const [low, middle, high] = [least, results.median(name, candidate, field), most].map((value) =>
          value.toFixed(digits),
        );
        return `${middle} (${low}–${high})`;
      };
      const percent = (field: keyof Sample) => `${(results.median(name, candidate, field) * 100).toFixed(0)} %`;
      const own = candidate === 'direct' ? ['', ''] : [ranged('cpuUs'), percent('coreShare')];
      const cells = [ranged('perSecond'), ranged('p50Ms', 2), ranged('p99Ms', 2), ...own, percent('othersShare')];
      return `| ${NAMES[candidate].long} | ${cells.join(' | ')} |`;
    }),
    '',
  ]);
}

function memory({ soaked, requests }: Run): string[] {
  const { marks, peakMb, aborted, cancelledInTime, cancelled, leaked } = soaked;
  return [
    '## Memory',
    '',
    `Bastide, ${requests} requests as fast as they are answered, in five blocks, each with its part of ${aborted} streams that their clients leave in the middle. Most of it: ${peakMb.toFixed(0)} MB.`,
    `The upstream saw ${cancelled} clients leave, ${cancelledInTime} of them within 250 ms. ${leaked} reservations were left behind.`,
    '',
    '| after requests | RSS MB | open files |',
    '|---:|---:|---:|',
    ...marks.map((mark) => `| ${mark.requests} | ${mark.rssMb.toFixed(1)} | ${mark.openFiles} |`),
    '',
  ];
}

function method({ rounds, times }: Run): string[] {
  const { cpu, memoryGb, cores, kernel } = machineFacts();
  return [
    '## How it is measured',
    '',
    `- Machine: ${cpu}, ${cores} cores, ${memoryGb} GB, Linux ${kernel}; ${OURS_NODE}; ${version('mariadbd')}; ${version('redis-server')}; Portkey ${portkeyVersions().portkey} with the libraries of its own lock file, once on ${SHIPPED_NODE}.`,
    '- One run, everything on loopback, the same upstream and the same bytes for all. The candidate under test has one core to itself (`taskset`); the load, the upstream and the stores share the others. An idle candidate stays started.',
    `- Medians of ${rounds} rounds, and the least and the most in brackets; in a round the candidates take turns at every measure, another one first each time. A measure lasts ${times.measureMs / 1000} s, after a warm-up; a round before the first only compiles and is not counted.`,
    '- CPU is user and system time of the candidate’s process, all threads, by `/proc`: what is disturbed least by other work on the machine, and has no ceiling. *Its core* is how much of its core the candidate was at work: below some 95 % it waited for others, and its requests per second are partly theirs. *Other cores* is how busy those were with load, upstream and stores; for Bastide that is also Redis, MariaDB and the worker.',
    '- Added latency and first bytes are what a candidate adds to **direct** in the same round.',
    '- **direct**: the load asks the upstream. **bare pass-through**: `node:http` in, undici’s `dispatch` out, and no gateway in between (scripts/bench/peers/bare.ts), with the same memory settings as Bastide. **Portkey**: provider `openai` with its host set, no cache, no hooks, no accounting, started as its image starts it.',
    `- **Bastide**: the gateway’s own process with production settings and \`${memoryInWords()}\` as in docker-compose.yml, with everything on: keys of 64 tenants, requests per minute and messages per day, a budget of the key and of everybody, routes with an alias and a fallback, breaker, journal on disk, usage by Redis to MariaDB. The consumer of the usage runs beside it, as the worker does, with the lowest priority: under full load it falls behind and catches up before the next measure.`,
    '- The soak comes first. Growth is from its second fifth to its end.',
    '',
  ];
}

function notMeasured(): string[] {
  return [
    '## What is not measured',
    '',
    '- **A network.** On loopback connections cost nothing and nothing is encrypted; Traefik in front and TLS to the provider add their own, the same for all candidates.',
    '- **A provider.** The upstream answers at once, at 20 ms or event by event at a set pace; real ones take seconds, and no gateway’s milliseconds are seen beside them.',
    '- **Several gateways.** One process on one core; more of them share Redis.',
    '- Retries, fallbacks, translation to the dialects of Anthropic and Gemini, cached answers, counting by the tokenizer: the path that nearly all requests take is what is compared.',
    '- Gateways in other languages, and Portkey’s hosted or enterprise editions.',
    '- That nothing is lost and nothing billed twice: tests state that.',
    '',
  ];
}

function again(): string[] {
  return [
    '## Again',
    '',
    '```sh',
    'npm run bench                      # about 20 minutes on a machine with nothing else to do; writes this page',
    'npm run bench -- --quick           # a few minutes; writes nothing, and fails only when something breaks',
    'npm run bench -- --quick --only json --without portkey,direct    # half a minute: what one change does',
    'npm run bench -- limits            # the limiter alone, beside what Redis itself can do',
    '```',
    '',
    'Linux with two cores, `mariadbd` and `redis-server`; Portkey is fetched from npm at the first use, and left out, with a line that says so, where that is not possible.',
    '',
  ];
}

function raw(results: Results): string[] {
  const lines = MEASURES.flatMap(({ name }) => CANDIDATES.flatMap((candidate) => rawOf(results, name, candidate)));
  const head = [
    '| measure | candidate | round | per second | p50 ms | p99 ms | CPU µs | its core % | something else on it % | other cores % |',
    '|---|---|---|---|---|---|---|---|---|---|',
  ];
  return ['<details><summary>Every round</summary>', '', ...head, ...lines, '', '</details>', ''];
}

function rawOf(results: Results, name: Measure['name'], candidate: Name): string[] {
  const percent = (share: number) => (share * 100).toFixed(0);
  return results.of(name, candidate).map((sample, round) => {
    const { perSecond, p50Ms, p99Ms, cpuUs, coreShare, foreignShare, othersShare } = sample;
    const figures = [perSecond.toFixed(0), p50Ms.toFixed(2), p99Ms.toFixed(2), cpuUs.toFixed(0)];
    const shares = [coreShare, foreignShare, othersShare].map(percent);
    return `| ${[name, NAMES[candidate].short, round + 1, ...figures, ...shares].join(' | ')} |`;
  });
}

const memoryInWords = () =>
  Object.entries(memorySettings())
    .map(([name, value]) => `${name}="${value}"`)
    .join(' ');

function version(server: string): string {
  try {
    const text = execFileSync(server, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const number = /\d+\.\d+\.\d+/.exec(text)?.[0] ?? '';
    return `${server === 'mariadbd' ? 'MariaDB' : 'Redis'} ${number}`;
  } catch {
    return server;
  }
}
