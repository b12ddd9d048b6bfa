import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { Hearts } from './hearts.ts';

const DEAD_MS = 100;

test('a heart has stopped when it was not heard for a while, whatever its clock says', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'bastide-hearts-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const [alive, dead, ended] = ['alive', 'dead', 'ended'].map((name) => join(root, name)) as [string, string, string];
  for (const folder of [alive, dead, ended]) mkdirSync(folder);
  const beat = (folder: string, at: Date) => {
    writeFileSync(join(folder, 'alive'), '');
    utimesSync(join(folder, 'alive'), at, at);
  };
  const hearts = new Hearts(DEAD_MS);
  // One clock is a day behind, the other a day before ours.
  const [behind, ahead] = [Date.now() - 86_400_000, Date.now() + 86_400_000];
  beat(dead, new Date(ahead));
  t.true(await hearts.isDead(ended), 'it took its heart with it');
  for (let at = 0; at < 8; at += 1) {
    beat(alive, new Date(behind + at));
    t.false(await hearts.isDead(alive));
    if (at < 2) t.false(await hearts.isDead(dead));
    await sleep(DEAD_MS / 5);
  }
  t.true(await hearts.isDead(dead));
  beat(dead, new Date(ahead + 1));
  t.false(await hearts.isDead(dead), 'it was only asleep');
  hearts.keep([]);
  t.false(await hearts.isDead(alive), 'who comes again is heard anew');
});
