import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { healthy, tellState } from './support/docker.ts';
import { checksums, mariadb } from './support/data.ts';
import { commit, ensureInstalled } from './support/installation.ts';
import { folder } from './support/setting.ts';
import { output, run } from './support/shell.ts';
import { Customer } from './support/visit.ts';

const MIGRATIONS = join(folder, 'services/orchestrator/migrations');
const git = (...args: string[]) => output('git', args, { cwd: folder });
const upgrade = (...args: string[]) => run('scripts/upgrade.sh', args, { cwd: folder });
const inStandins = { timeoutMs: 420_000 };
let home = '';
let customer: Customer;

test.before('a stack with somebody in it', async () => {
  await ensureInstalled();
  customer = await Customer.comesBack();
  await customer.looksAroundSoon();
  const branch = (await git('rev-parse', '--abbrev-ref', 'HEAD')).trim();
  // A clone of a checkout without a branch has none either.
  home = branch === 'HEAD' ? (await git('rev-parse', 'HEAD')).trim() : branch;
});

/** A release of its own, as a commit beside the one that runs. */
async function release(version: string, migration: { name: string; text: string }): Promise<string> {
  await git('checkout', '--quiet', '--detach');
  const file = join(folder, 'package.json');
  mkdirSync(MIGRATIONS, { recursive: true });
  writeFileSync(file, readFileSync(file, 'utf8').replace(/"version": "[^"]+"/, `"version": "${version}"`));
  writeFileSync(join(MIGRATIONS, migration.name), migration.text);
  const made = await commit(`release ${version}`);
  await git('checkout', '--quiet', home);
  return made;
}

test('an upgrade whose migration fails is taken back by itself, with the data as it was', async (t) => {
  const target = await release('0.2.1', {
    name: '9000_half.ts',
    text: 'export const statements = [`create table half_made (id int)`, `this is no statement`];\n',
  });
  const belongings = await customer.belongings();
  const before = await settled();
  const { code, output: said } = await upgrade('--to', target, '--skip-doctor');
  if (code !== 80) await tellState();
  t.is(code, 80, said.slice(-6000));
  await healthy('after the rollback', inStandins.timeoutMs);
  t.is(await git('rev-parse', 'HEAD'), await git('rev-parse', home));
  t.is((await mariadb("select count(*) from information_schema.tables where table_name = 'half_made'")).trim(), '0');
  const after = await checksums();
  t.deepEqual(changed(before, after), []);
  t.log(`${Object.keys(after).length} tables as they were`);
  await customer.looksAroundSoon();
  t.deepEqual(await customer.belongings(), belongings);
});

test('an upgrade that works, works', async (t) => {
  const target = await release('0.2.2', {
    name: '9000_whole.ts',
    text: 'export const statements = [`create table whole (id int primary key)`];\n',
  });
  const belongings = await customer.belongings();
  const { code, output: said } = await upgrade('--to', target, '--skip-doctor');
  if (code !== 0) await tellState();
  t.is(code, 0, said.slice(-6000));
  // The release is another image of the bench, so its sites were migrated.
  t.regex(said, /migrations of their applications/);
  await healthy('after the upgrade', inStandins.timeoutMs);
  t.is((await git('rev-parse', 'HEAD')).trim(), target);
  t.is((await mariadb("select count(*) from information_schema.tables where table_name = 'whole'")).trim(), '1');
  await customer.looksAroundSoon();
  t.deepEqual(await customer.belongings(), belongings);
});

/** The data once what was used has been metered and billed, which happens every half minute. */
async function settled(): Promise<Record<string, string>> {
  for (let last = await checksums(); ;) {
    await sleep(40_000);
    const now = await checksums();
    if (changed(last, now).length === 0) return now;
    last = now;
  }
}

/** Sessions and queues move on while nobody looks; what customers, catalogues and accounts are made of does not. */
const LIVE =
  /^bastide\.(sessions|inbox|outbox|jobs?|schedules?|operations?|figures|metrics|llm_usage|webhook|mails?|audit|migrations)/;

const changed = (before: Record<string, string>, after: Record<string, string>) =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (table) => before[table] !== after[table] && !LIVE.test(table),
  );
