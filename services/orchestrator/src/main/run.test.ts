import { execFile } from 'node:child_process';
import { join } from 'node:path';
import test from 'ava';
import { TEST_ENV } from '#test/support/stack.ts';

const GOOD = { ...TEST_ENV, DATABASE_URL: 'mysql://u:p@127.0.0.1:1/x', REDIS_URL: 'redis://127.0.0.1:1' };

const start = (name: string, env: Record<string, string>) =>
  new Promise<{ code: unknown; err: string }>((resolve) => {
    const options = { env: { PATH: process.env['PATH'], ...env }, timeout: 60_000 };
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
