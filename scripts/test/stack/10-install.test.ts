import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { complaints, containers, tellState } from './support/docker.ts';
import { clone, install } from './support/installation.ts';
import { folder } from './support/setting.ts';

/** Early in the settings, among the images, while everything starts: at a moment that is different every time. */
const KILLED_WITHIN_S = [
  [1, 4],
  [5, 40],
  [40, 110],
] as const;

test('the installer, killed at any moment and run again, comes to the end', async (t) => {
  await clone();
  for (const [from, to] of KILLED_WITHIN_S) {
    const killAfterMs = Math.round((from + Math.random() * (to - from)) * 1000);
    const { signal, output } = await install({ killAfterMs });
    const last = output.trim().split('\n').at(-1) ?? '';
    t.log(`killed after ${(killAfterMs / 1000).toFixed(1)} s at: ${last.trim().slice(0, 90)}`);
    t.is(signal, 'SIGKILL', output);
  }
  const from = Date.now();
  const { code, output } = await install();
  if (code !== 0) await tellState();
  t.is(code, 0, output);
  t.log(`the last run took ${Math.round((Date.now() - from) / 1000)} s`);
  t.regex(output, /First log-in\s+https:\/\/app\./);
});

test('every container is well', async (t) => {
  t.deepEqual(complaints(await containers()), []);
});

test('run again it changes nothing and says so', async (t) => {
  const before = { containers: await idsOf(), files: fingerprints() };
  const { code, output } = await install();
  t.is(code, 0, output);
  t.regex(output, /Nothing to do/);
  t.deepEqual(await idsOf(), before.containers);
  t.deepEqual(fingerprints(), before.files);
});

test('a plain run, without any option, keeps what was chosen', async (t) => {
  const before = await idsOf();
  const { code, output } = await install({ args: ['--yes'] });
  t.is(code, 0, output);
  t.regex(output, /Nothing to do/);
  t.deepEqual(await idsOf(), before);
});

async function idsOf(): Promise<Record<string, string>> {
  const all = await containers();
  return Object.fromEntries([...all].map(([service, { Id, State }]) => [service, `${Id} ${State.StartedAt}`]));
}

/** Content and time of change of every file of the folder; the logs of the runs and their locks left out. */
function fingerprints(): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files
      .map((entry) => join(entry.parentPath, entry.name))
      .filter(
        (file) => !/\/(\.git|logs|backups|\.bastide\/appliance\/[^/]*lock[^/]*)(\/|$)/.test(file.slice(folder.length)),
      )
      .map((file) => [
        file.slice(folder.length + 1),
        `${createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 16)} ${statSync(file).mtimeMs}`,
      ]),
  );
}
