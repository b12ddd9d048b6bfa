import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { complaints, containers, tellState } from './support/docker.ts';
import { clone, install } from './support/installation.ts';
import { folder } from './support/setting.ts';

/** Among the settings, among the images, while everything starts: within so many seconds, at another moment every time. */
const KILLED = [
  { onceSaid: /▶ Settings/, withinMs: 2000 },
  { onceSaid: /▶ Images/, withinMs: 20_000 },
  { onceSaid: /▶ Start/, withinMs: 25_000 },
];

test('the installer, killed at any moment and run again, comes to the end', async (t) => {
  await clone();
  for (const { onceSaid, withinMs } of KILLED) {
    const thenAfterMs = Math.round(Math.random() * withinMs);
    const { signal, output } = await install({ killed: { onceSaid, thenAfterMs } });
    const last = output.trim().split('\n').at(-1) ?? '';
    t.log(`killed ${(thenAfterMs / 1000).toFixed(1)} s after “${onceSaid.source}”, at: ${last.trim().slice(0, 90)}`);
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
