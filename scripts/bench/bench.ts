/**
 * npm run bench: what our LLM gateway costs, beside a bare pass-through and Portkey's, written to docs/benchmarks.md.
 * With --quick it only sees that everything works under load, and fails when something does not.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Candidate, ROOT, direct, startBare, startOurs, startPortkey, startUpstream } from './candidates.ts';
import { goalsOf } from './goals.ts';
import { takeCores } from './machine.ts';
import { runRound } from './measures.ts';
import { startServers, stopAll } from './processes.ts';
import { report } from './report.ts';
import { Results } from './results.ts';
import { type Soaked, soak } from './soak.ts';

const FULL = { rounds: 5, times: { warmUpMs: 2000, measureMs: 5000 }, soak: { requests: 100_000, aborts: 1000 } };
const QUICK = { rounds: 1, times: { warmUpMs: 500, measureMs: 1000 }, soak: { requests: 5000, aborts: 100 } };
/** Of code that has not been compiled for speed yet, nothing is measured. */
const WARM_UP_ROUND = { warmUpMs: 2000, measureMs: 2000 };

const say = (text: string) => void process.stdout.write(`${text}\n`);

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { quick: { type: 'boolean' }, rounds: { type: 'string' } } });
  const isQuick = values.quick ?? false;
  const size = isQuick ? QUICK : FULL;
  const rounds = Number(values.rounds ?? size.rounds);
  const cores = takeCores();
  const upstream = await startUpstream();
  const ours = await startOurs(upstream, await startServers(ROOT), cores);
  const candidates: Candidate[] = [direct(upstream), await startBare(upstream, cores), ours];
  let missing: string | undefined;
  try {
    candidates.push(await startPortkey(upstream, cores));
  } catch (error) {
    missing = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    say(`Portkey is left out: ${missing}`);
  }
  // First: what large prompts take is not given back to the system at once.
  say(`Soak of ${size.soak.requests} requests`);
  const soaked = await soak(ours, upstream, size.soak);
  const results = new Results();
  if (!isQuick) {
    say('Warming up');
    await runRound(upstream, candidates, { round: 0, times: WARM_UP_ROUND, found: () => undefined });
  }
  for (let round = 0; round < rounds; round += 1) {
    say(`Round ${round + 1} of ${rounds}`);
    await runRound(upstream, candidates, { round, times: size.times, found: results.add });
  }
  for (const { metric, measured, must, meetsMust } of goalsOf(results, soaked))
    say(`${meetsMust === undefined ? ' ' : meetsMust ? '✓' : '✗'} ${metric}: ${measured} (${must})`);
  if (isQuick) return check(soaked);
  writeFileSync(
    join(ROOT, 'docs/benchmarks.md'),
    report({ results, soaked, rounds, times: size.times, requests: size.soak.requests, missing }),
  );
  say('Written: docs/benchmarks.md');
}

/** What has nothing to do with speed. */
function check({ leaked, cancelled, aborted }: Soaked): void {
  if (leaked > 0) throw new Error(`${leaked} reservations were left behind.`);
  if (cancelled < aborted) throw new Error(`The upstream heard of ${cancelled} of ${aborted} clients that left.`);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    void stopAll().finally(() => process.exit(1));
  });
try {
  await main();
} catch (error) {
  process.stderr.write(`✖ ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await stopAll();
}
process.exit();
