import test from 'ava';
import { composeRun } from './support/docker.ts';
import { ensureInstalled } from './support/installation.ts';

const backup = (...args: string[]) => composeRun('exec', '-T', 'backup', 'backup', ...args);

test.before('a stack', async () => {
  await ensureInstalled();
});

test('a backup of everything is taken while everything runs, and reads back', async (t) => {
  const from = Date.now();
  const taken = await backup('run');
  t.is(taken.code, 0, taken.output);
  t.log(`taken in ${Math.round((Date.now() - from) / 1000)} s`);
  const listed = await backup('list');
  t.is(listed.code, 0, listed.output);
  const verified = await backup('verify', 'latest');
  t.is(verified.code, 0, verified.output);
});
