import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { TEST_ENV } from '#test/support/stack.ts';
import { ConfigError, loadConfig, publicConfig } from './load.ts';

const GOOD = { ...TEST_ENV, DATABASE_URL: 'mysql://u:p@127.0.0.1/x', REDIS_URL: 'redis://127.0.0.1:6379' };

test('keys of providers are lines of one file', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'config-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'llm_provider_keys');
  writeFileSync(file, '# ours\n\nGROQ_API_KEY=gsk_1\r\n  OPENAI_API_KEY = "sk-2=="\nXAI_API_KEY=\n');
  const { LLM_PROVIDER_KEYS: keys } = loadConfig({ ...GOOD, LLM_PROVIDER_KEYS_FILE: file });
  t.deepEqual(keys, { GROQ_API_KEY: 'gsk_1', OPENAI_API_KEY: 'sk-2==' });
  writeFileSync(file, '');
  t.deepEqual(loadConfig({ ...GOOD, LLM_PROVIDER_KEYS_FILE: file }).LLM_PROVIDER_KEYS, {});
  t.deepEqual(loadConfig(GOOD).LLM_PROVIDER_URLS, {});
});

test('a line that is not understood stops the start, and is not repeated: it may be a key', (t) => {
  const error = t.throws(
    () => loadConfig({ ...GOOD, LLM_PROVIDER_KEYS: 'gsk_naked\nGROQ_API_KEY=a\nGROQ_API_KEY=b\ngroq=hunter2' }),
    { instanceOf: ConfigError },
  );
  t.is(error.problems.length, 1);
  for (const said of ['LLM_PROVIDER_KEYS: ', 'line 1 must be', 'GROQ_API_KEY is there twice', 'line 4 must be'])
    t.true(error.message.includes(said), said);
  for (const secret of ['naked', 'hunter2']) t.false(error.message.includes(secret));
});

test('addresses of providers are checked, all at once', (t) => {
  const urls = 'groq=http://127.0.0.1:1/v1/, openai=https://proxy.example.com/openai/v1/,';
  t.deepEqual(loadConfig({ ...GOOD, LLM_PROVIDER_URLS: urls }).LLM_PROVIDER_URLS, {
    groq: 'http://127.0.0.1:1/v1',
    openai: 'https://proxy.example.com/openai/v1',
  });
  const error = t.throws(
    () =>
      loadConfig({
        ...GOOD,
        LLM_PROVIDER_URLS:
          'groq=ftp://x,openai,xai=https://a,xai=https://b,=https://c,mistral=https://u:p@h,cohere=https://h?k=1',
      }),
    { instanceOf: ConfigError },
  );
  for (const said of [
    "'groq' must be a URL",
    "'mistral' must be a URL",
    "'cohere' must be a URL",
    "'openai' must be name=",
    "'xai' is there twice",
    "'=https://c' must be",
  ])
    t.true(error.message.includes(said), said);
});

test('what is logged at start has no key', (t) => {
  const config = loadConfig({ ...GOOD, LLM_PROVIDER_KEYS: 'GROQ_API_KEY=gsk_1', OPENAI_API_KEY: 'sk-2' });
  t.false(/gsk_1|sk-2/.test(JSON.stringify(publicConfig(config))));
});
