import { mkdirSync, mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'ava';
import { ConfigError, loadConfig } from './config.ts';

const dir = mkdtempSync(path.join(os.tmpdir(), 'bench-runner-config-'));
mkdirSync(path.join(dir, 'sites'));
test.after.always(async () => (await import('node:fs/promises')).rm(dir, { recursive: true }));
const ENV = { BENCH_DIR: dir, BENCH_RUNNER_DATA: dir, BENCH_RUNNER_TOKEN: '0123456789abcdef', HOME: '/home/x' };
const noFile = (): string => {
  throw new Error('no such file');
};

test('names every wrong variable at once', (t) => {
  const error = t.throws(
    () =>
      loadConfig(
        { BENCH_RUNNER_PORT: 'http', BENCH_NAME: 'No Bench', BENCH_DIR: '/nowhere', BENCH_RUNNER_TOKEN: 'short' },
        noFile,
      ),
    { instanceOf: ConfigError },
  );
  for (const name of ['BENCH_RUNNER_PORT', 'BENCH_NAME', 'BENCH_DIR', 'BENCH_RUNNER_TOKEN', 'BENCH_RUNNER_DATA'])
    t.true(error.message.includes(name), name);
});

test('reads the token from a file and takes an empty variable for an absent one', (t) => {
  const config = loadConfig({ ...ENV, BENCH_RUNNER_TOKEN: '', BENCH_RUNNER_TOKEN_FILE: '/t', BENCH_NAME: '' }, () => {
    return 'from-a-file-0123456789\n';
  });
  t.is(config.token, 'from-a-file-0123456789');
  t.is(config.bench.name, 'bench-0001');
  t.throws(() => loadConfig({ ...ENV, BENCH_RUNNER_TOKEN_FILE: '/t' }, noFile), {
    message: /TOKEN_FILE cannot be read/,
  });
});

test('hands bench the environment without our own settings', (t) => {
  const { childEnvironment } = loadConfig(ENV, noFile);
  t.is(childEnvironment['HOME'], '/home/x');
  t.false(Object.keys(childEnvironment).some((name) => name.startsWith('BENCH_RUNNER_')));
});

test('finds a command given by a path from where the runner starts, one given by name on PATH', (t) => {
  t.is(loadConfig(ENV, noFile).bench.command, 'bench');
  t.is(loadConfig({ ...ENV, BENCH_COMMAND: './bin/bench' }, noFile).bench.command, path.resolve('bin/bench'));
});
