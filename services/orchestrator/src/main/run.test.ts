import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { TEST_ENV } from '#test/support/stack.ts';

const GOOD = { ...TEST_ENV, DATABASE_URL: 'mysql://u:p@127.0.0.1:1/x', REDIS_URL: 'redis://127.0.0.1:1' };

const start = (name: string, env: Record<string, string>) =>
  new Promise<{ code: unknown; err: string }>((resolve) => {
    const options = { env: { PATH: process.env['PATH'], ...env }, timeout: 60_000, maxBuffer: 2 ** 26 };
    execFile(process.execPath, [join(import.meta.dirname, `${name}.ts`)], options, (error, _out, err) =>
      resolve({ code: error?.code, err }),
    );
  });

for (const name of ['api', 'worker', 'gateway'])
  test(`the ${name} does not start with providers that there are not, and names them all`, async (t) => {
    const wrong = { LLM_PROVIDER_URLS: 'grok=http://127.0.0.1:1/v1', LLM_PROVIDER_KEYS: 'GROK_API_KEY=s3cr3t-key' };
    const { code, err } = await start(name, { ...GOOD, ...wrong });
    t.is(code, 78);
    for (const said of [
      "LLM_PROVIDER_URLS: there is no 'grok'",
      "LLM_PROVIDER_KEYS: there is no 'GROK_API_KEY'",
      'groq',
    ])
      t.true(err.includes(said), said);
    t.false(err.includes('s3cr3t'));
  });

test('what the image compiles ahead is all that a process starts with: none needs the compiler of types', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bastide-compiled-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const compiled = { NODE_COMPILE_CACHE: folder };
  await promisify(execFile)(process.execPath, [join(import.meta.dirname, 'warm.ts')], { env: compiled });
  for (const name of ['api', 'worker', 'gateway']) {
    const { code, err } = await start(name, { ...compiled, NODE_DEBUG_NATIVE: 'COMPILE_CACHE' });
    t.is(code, 78);
    t.regex(err, /retrieving transpile cache for StrippedTypeScript .*success/);
    t.deepEqual(err.match(/no transpile cache for StrippedTypeScript .*/g), null, name);
  }
});
