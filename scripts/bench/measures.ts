import type { Candidate, Name, Upstream } from './candidates.ts';
import type { Answer } from './load/connection.ts';
import { type Load, type Loaded, closedLoop, openLoop, percentile } from './load/load.ts';
import { usageOf } from './machine.ts';
import { LARGE_PROMPT, SMALL_PROMPT, STREAM_PROMPT, requestOf } from './wire.ts';

export type Sample = Readonly<{
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Of the candidate's process, per request or stream. */
  cpuUs: number;
  /** How much of its core the candidate was at work. */
  coreShare: number;
  /** How much of that core something else was at work: the noise of this sample. */
  foreignShare: number;
  /** How much of the other cores was in use. */
  othersShare: number;
}>;

export interface Measure {
  name: 'json' | 'large' | 'open' | 'streams64' | 'streams512';
  title: string;
  candidates: readonly Name[];
  pace: { delayMs: number; gapMs: number };
  run(candidate: Candidate, times: Times): Promise<Sample>;
}

export interface Times {
  warmUpMs: number;
  measureMs: number;
}

const EVERYBODY: readonly Name[] = ['direct', 'bare', 'ours', 'portkeyShipped', 'portkeySame'];
const CONNECTIONS = 64;
const MANY_CONNECTIONS = 512;
const PER_SECOND = 300;

export const MEASURES: readonly Measure[] = [
  {
    name: 'json',
    title: 'JSON: 420-byte prompts, 1,021-byte answers, 64 connections, each asking again at once',
    candidates: EVERYBODY,
    pace: { delayMs: 0, gapMs: 0 },
    run: (candidate, times) => saturated(candidate, SMALL_PROMPT, times),
  },
  {
    name: 'large',
    title: 'Large prompts: 100 KB, otherwise the same',
    candidates: EVERYBODY,
    pace: { delayMs: 0, gapMs: 0 },
    run: (candidate, times) => saturated(candidate, LARGE_PROMPT, times),
  },
  {
    name: 'open',
    title: `Open loop: ${PER_SECOND} requests a second, evenly spaced, whether or not those before are answered; the upstream takes 20 ms`,
    candidates: EVERYBODY,
    pace: { delayMs: 20, gapMs: 0 },
    run: async (candidate, { warmUpMs, measureMs }) => {
      const load = loadOf(candidate, SMALL_PROMPT, isAnswer);
      await openLoop(load, { perSecond: PER_SECOND, durationMs: warmUpMs / 2 });
      const loaded = await openLoop(load, { perSecond: PER_SECOND, durationMs: measureMs });
      return sampleOf(candidate, loaded, ({ totalMs }) => totalMs);
    },
  },
  streams('streams64', CONNECTIONS, 5),
  streams('streams512', MANY_CONNECTIONS, 20),
];

/** Starts are spread over a stream's length; times are those of the first byte of the body. */
function streams(name: 'streams64' | 'streams512', connections: number, gapMs: number): Measure {
  const spreadMs = gapMs * 50;
  return {
    name,
    title: `Streams: 50 events, ${gapMs} ms apart, ${connections} at once; time to the first byte`,
    candidates: EVERYBODY,
    pace: { delayMs: 0, gapMs },
    run: async (candidate, { measureMs }) => {
      const load = loadOf(candidate, STREAM_PROMPT, isWholeStream);
      const loaded = await closedLoop(load, { connections, durationMs: measureMs, spreadMs });
      return sampleOf(candidate, loaded, ({ firstByteMs }) => firstByteMs);
    },
  };
}

async function saturated(candidate: Candidate, body: string, { warmUpMs, measureMs }: Times): Promise<Sample> {
  const load = loadOf(candidate, body, isAnswer);
  await closedLoop(load, { connections: CONNECTIONS, durationMs: warmUpMs });
  const loaded = await closedLoop(load, { connections: CONNECTIONS, durationMs: measureMs });
  return sampleOf(candidate, loaded, ({ totalMs }) => totalMs);
}

export function loadOf(candidate: Candidate, body: string, check: (answer: Answer) => void): Load {
  const { port, pid, cores, headers, keys } = candidate;
  const route = (key: string) => ({ port, headers: { authorization: `Bearer ${key}`, ...headers } });
  return {
    port,
    requests: keys.map((key) => requestOf(route(key), body)),
    check,
    probe: () => usageOf(pid, cores),
  };
}

export function isAnswer({ status, end }: Answer): void {
  if (status !== 200) throw new Error(`It answered ${status}: …${end}`);
}

export function isWholeStream(answer: Answer): void {
  isAnswer(answer);
  if (!answer.end.includes('[DONE]')) throw new Error(`A stream ended without [DONE]: …${answer.end}`);
}

function sampleOf({ name }: Candidate, loaded: Loaded, timeOf: (answer: Answer) => number): Sample {
  const { answers, failures, seconds, used } = loaded;
  const [failure] = failures;
  if (failure)
    throw new Error(`${name} failed ${failures.length} of ${answers.length + failures.length}: ${failure.message}`);
  if (answers.length === 0) throw new Error(`${name} answered nothing`);
  const times = answers.map(timeOf);
  return {
    perSecond: answers.length / seconds,
    p50Ms: percentile(times, 0.5),
    p99Ms: percentile(times, 0.99),
    cpuUs: (used.ownMs * 1000) / answers.length,
    coreShare: used.ownMs / 1000 / seconds,
    foreignShare: Math.max(0, used.coreMs - used.ownMs) / 1000 / seconds,
    othersShare: used.othersMs / 1000 / seconds,
  };
}

export interface Round {
  measures: readonly Measure[];
  round: number;
  times: Times;
  found: (measure: Measure['name'], candidate: Name, sample: Sample) => void;
}

/** Every measure of one round; candidates take turns in being first. */
export async function runRound(
  upstream: Upstream,
  candidates: readonly Candidate[],
  { measures, round, times, found }: Round,
): Promise<void> {
  for (const measure of measures) {
    await upstream.setPace(measure.pace);
    const turn = round % candidates.length;
    for (const candidate of [...candidates.slice(turn), ...candidates.slice(0, turn)]) {
      if (!measure.candidates.includes(candidate.name)) continue;
      found(measure.name, candidate.name, await measure.run(candidate, times));
      await candidate.settled();
    }
  }
}
