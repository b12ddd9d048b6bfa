/**
 * npm run bench: what our LLM gateway costs, beside a bare pass-through and Portkey's, written to docs/benchmarks.md.
 * With --quick it only sees that everything works under load, and fails when something does not. `--only json,soak` and
 * `--without portkey,direct` leave out what one change has nothing to do with.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Candidate,
  type Ours,
  ROOT,
  type Upstream,
  direct,
  startBare,
  startOurs,
  startUpstream,
} from './candidates.ts';
import { goalsOf } from './goals.ts';
import { limitsTable, measureLimits } from './limits/limits.ts';
import { type Cores, takeCores } from './machine.ts';
import { runRound } from './measures.ts';
import { type Options, readOptions } from './options.ts';
import { startPortkeys } from './portkey.ts';
import { startServers, stopAll } from './processes.ts';
import { inShort, report } from './report.ts';
import { Results } from './results.ts';
import { type Soaked, soak } from './soak.ts';

const say = (text: string) => void process.stdout.write(`${text}\n`);

async function main(): Promise<void> {
  const options = readOptions();
  const { measures, rounds, times, warmUpRound } = options;
  const cores = takeCores();
  const servers = await startServers(ROOT);
  if (options.isOfLimits) return say(limitsTable(await measureLimits(servers, cores)).join('\n'));
  const upstream = await startUpstream();
  const ours = await startOurs(upstream, servers, cores);
  const { candidates, missing } = await startOthers(options, { upstream, ours, cores });
  // First: what large prompts take is not given back to the system at once.
  if (options.soak) say(`Soak of ${options.soak.requests} requests`);
  const soaked = options.soak && (await soak(ours, upstream, options.soak));
  const results = new Results();
  if (warmUpRound && measures.length > 0) {
    say('Warming up');
    await runRound(upstream, candidates, { measures, round: 0, times: warmUpRound, found: () => undefined });
  }
  for (let round = 0; round < rounds && measures.length > 0; round += 1) {
    say(`Round ${round + 1} of ${rounds}`);
    await runRound(upstream, candidates, { measures, round, times, found: results.add });
  }
  for (const line of inShort(results, soaked)) say(line);
  for (const { metric, measured, must, meetsMust } of goalsOf(results, soaked))
    if (meetsMust !== undefined) say(`${meetsMust ? '✓' : '✗'} ${metric}: ${measured} (${must})`);
  if (soaked) check(soaked);
  if (options.isQuick || !options.isWhole || !soaked) return;
  say('The limiter alone');
  const limits = await measureLimits(servers, cores);
  writeFileSync(
    join(ROOT, 'docs/benchmarks.md'),
    report({ results, soaked, limits, rounds, times, requests: options.soak?.requests ?? 0, missing }),
  );
  say('Written: docs/benchmarks.md');
}

/** Whom ours is compared with. A machine that cannot reach the package registry measures without Portkey, and says so. */
async function startOthers(
  { without }: Options,
  { upstream, ours, cores }: { upstream: Upstream; ours: Ours; cores: Cores },
): Promise<{ candidates: Candidate[]; missing: string | undefined }> {
  const candidates: Candidate[] = [];
  if (!without.includes('direct')) candidates.push(direct(upstream, cores));
  if (!without.includes('bare')) candidates.push(await startBare(upstream, cores));
  candidates.push(ours);
  if (without.includes('portkey')) return { candidates, missing: undefined };
  try {
    return { candidates: [...candidates, ...(await startPortkeys(upstream, cores))], missing: undefined };
  } catch (error) {
    const missing = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    say(`Portkey is left out: ${missing}`);
    return { candidates, missing };
  }
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
