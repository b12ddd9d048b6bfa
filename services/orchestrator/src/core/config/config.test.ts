import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { TEST_ENV } from '#test/support/stack.ts';
import { ConfigError, loadConfig, publicConfig } from './load.ts';
import { configurationReference } from './reference.ts';
import { variables } from './variables.ts';

const GOOD = { ...TEST_ENV, DATABASE_URL: 'mysql://u:p@127.0.0.1/x', REDIS_URL: 'redis://127.0.0.1:6379' };

test('names every wrong variable at once, with what it is for', (t) => {
  const error = t.throws(
    () => loadConfig({ ...GOOD, API_PORT: 'http', PUBLIC_URL: 'nowhere', SMTP_URL: '', ENCRYPTION_KEY: 'c2hvcnQ=' }),
    { instanceOf: ConfigError },
  );
  const names = error.problems.map((problem) => problem.split(':')[0]);
  t.deepEqual(names.sort(), ['API_PORT', 'ENCRYPTION_KEY', 'PUBLIC_URL', 'SMTP_URL']);
  t.true(error.message.includes('SMTP_URL: is not set'));
  t.true(error.message.includes('32 bytes'));
});

test('never repeats a secret in what it complains about', (t) => {
  const error = t.throws(() => loadConfig({ ...GOOD, DATABASE_URL: 'postgres://u:hunter2@h/x' }));
  t.false(error.message.includes('hunter2'));
});

test('reads secrets from files, and a variable wins over its file', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'config-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'key'), 'from-file\n');
  const { LAGO_API_KEY: _, ...env } = GOOD;
  t.is(loadConfig({ ...env, LAGO_API_KEY_FILE: join(folder, 'key') }).LAGO_API_KEY, 'from-file');
  t.is(loadConfig({ ...GOOD, LAGO_API_KEY_FILE: join(folder, 'key') }).LAGO_API_KEY, GOOD.LAGO_API_KEY);
  const error = t.throws(() => loadConfig({ ...env, LAGO_API_KEY_FILE: join(folder, 'gone') }));
  t.true(error.message.includes('LAGO_API_KEY_FILE'));
});

test('an empty secret file is no value: an optional one is off, a required one is missing', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'config-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const empty = join(folder, 'empty');
  writeFileSync(empty, '\n');
  const { STRIPE_SECRET_KEY: _key, STRIPE_WEBHOOK_SECRET: _secret, ...env } = GOOD;
  const off = loadConfig({ ...env, STRIPE_SECRET_KEY_FILE: empty, STRIPE_WEBHOOK_SECRET_FILE: empty });
  t.is(off.STRIPE_SECRET_KEY, undefined);
  const error = t.throws(() => loadConfig({ ...GOOD, LAGO_API_KEY: '', LAGO_API_KEY_FILE: empty }));
  t.true(error.message.includes('LAGO_API_KEY: is not set'));
});

test('half a provider stops the start, none does not', (t) => {
  const pairs = [
    ['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET'],
    ['LLM_UPSTREAM_URL', 'LLM_UPSTREAM_KEY'],
  ] as const;
  for (const [one, other] of pairs) {
    t.notThrows(() => loadConfig({ ...GOOD, [one]: '', [other]: '' }));
    for (const [missing, given] of [
      [one, other],
      [other, one],
    ] as const) {
      const error = t.throws(() => loadConfig({ ...GOOD, [missing]: '' }), { instanceOf: ConfigError });
      t.is(error.problems.length, 1);
      t.true(error.message.includes(`${missing}: is not set, but ${given} is`));
    }
  }
});

test('refuses plain HTTP in production', (t) => {
  const error = t.throws(() => loadConfig({ ...GOOD, NODE_ENV: 'production' }));
  t.true(error.message.includes('PUBLIC_URL: must be https'));
});

test('may be logged without its secrets', (t) => {
  const logged = publicConfig(loadConfig(GOOD));
  t.is(logged['PUBLIC_URL'], GOOD.PUBLIC_URL);
  for (const [name, variable] of Object.entries(variables)) if ('secret' in variable) t.false(name in logged, name);
});

test('the reference lists every variable', (t) => {
  const reference = configurationReference();
  for (const name of Object.keys(variables)) t.true(reference.includes(`\`${name}\``), name);
});
