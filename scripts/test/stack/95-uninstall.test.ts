import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { docker } from './support/docker.ts';
import { ensureInstalled } from './support/installation.ts';
import type { Sample } from './support/sampler.ts';
import { domain, folder, project, runFolder } from './support/setting.ts';
import { run } from './support/shell.ts';

const uninstall = (...args: string[]) => run('scripts/uninstall.sh', args, { cwd: folder });
const label = ['--filter', `label=com.docker.compose.project=${project}`];
const left = async () => ({
  containers: await docker('ps', '-aq', ...label),
  networks: await docker('network', 'ls', '-q', ...label),
  volumes: await docker('volume', 'ls', '-q', ...label),
  images: await docker('image', 'ls', '-q', ...label),
  held:
    held.length === 0
      ? ''
      : await docker('image', 'ls', '-q', ...held.flatMap((name) => ['--filter', `reference=${name}`])),
});
/** The names that upgrades gave to the images of the release before. */
let held: string[] = [];

test.before('a stack', async () => {
  await ensureInstalled();
});

test('through all of it the kernel has killed nothing for lack of memory', (t) => {
  const samples = JSON.parse(readFileSync(join(runFolder, 'memory.json'), 'utf8')) as Record<string, Sample>;
  const killed = Object.entries(samples).filter(([, one]) => one.oomKills > 0);
  t.deepEqual(
    killed.map(([service, one]) => `${service}: ${one.oomKills}`),
    [],
  );
  const nearest = Object.entries(samples)
    .filter(([, one]) => one.limitMib > 0)
    .sort(([, a], [, b]) => b.peakMib / b.limitMib - a.peakMib / a.limitMib)
    .slice(0, 5)
    .map(([service, one]) => `${service} ${Math.ceil(one.peakMib)}/${one.limitMib}`);
  t.log(`nearest to their limits at any time: ${nearest.join(', ')}`);
});

test('without the domain, typed, no data is deleted', async (t) => {
  const { code } = await uninstall('--delete-data', '--yes-delete', 'another.test');
  t.not(code, 0);
  t.true((await left()).volumes.length > 0);
});

test('uninstalled, nothing is left but the backups', async (t) => {
  held = heldNames();
  const { code, output } = await uninstall('--yes-delete', domain, '--no-backup');
  t.is(code, 0, output);
  t.deepEqual(await left(), { containers: '', networks: '', volumes: '', images: '', held: '' });
  for (const path of ['.env', 'secrets']) t.false(existsSync(join(folder, path)), path);
});

test('a second time there is nothing to do', async (t) => {
  // Without .env it would mean the project of the usual name: it only says what it would do.
  const { code, output } = await uninstall('--dry-run');
  t.is(code, 0, output);
  t.regex(output, /Nothing to remove/);
});

function heldNames(): string[] {
  const sets = join(folder, '.bastide/upgrade/sets');
  if (!existsSync(sets)) return [];
  return readdirSync(sets).flatMap((id) =>
    readFileSync(join(sets, id), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => `bastide/rollback:${id}-${line.split('\t')[0]}`),
  );
}
