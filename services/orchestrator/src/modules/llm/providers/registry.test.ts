import { readFileSync } from 'node:fs';
import test from 'ava';
import { bodyOf } from '#test/support/dialects.ts';
import { ConfigError, loadConfig } from '#core/config/load.ts';
import { type VariableName, variables } from '#core/config/variables.ts';
import { TEST_ENV } from '#test/support/stack.ts';
import { SURFACES, type Surface, type UpstreamCall } from './provider.ts';
import { PROVIDERS, type ProviderEntry, createProviders } from './registry.ts';

const config = (env: Record<string, string> = {}) =>
  loadConfig({
    ...TEST_ENV,
    DATABASE_URL: 'mysql://u:p@127.0.0.1/x',
    REDIS_URL: 'redis://127.0.0.1:6379',
    LLM_UPSTREAM_URL: '',
    LLM_UPSTREAM_KEY: '',
    ...env,
  });

const EVERYTHING = Object.fromEntries(
  PROVIDERS.flatMap(({ url, keyVariable }) => [
    [keyVariable, `key-of-${keyVariable}`],
    ...(typeof url === 'string' ? [] : [[url.variable, 'http://127.0.0.1:1/v1']]),
  ]),
) as Record<string, string>;

const BODIES: Record<Surface, object> = {
  chat: { model: 'm', messages: [{ role: 'user', content: 'hi' }] },
  embeddings: { model: 'm', input: 'hi' },
  responses: { model: 'm', input: 'hi' },
  messages: { model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] },
};
function call(surface: Surface, more: object = {}): UpstreamCall {
  const body = { ...BODIES[surface], ...more };
  const isStream = 'stream' in more;
  return { requestId: 'req_1', surface, model: 'theirs', body: bodyOf(body), isStream };
}

test('the eighteen of the gateway are there, each under its name', (t) => {
  t.deepEqual(
    PROVIDERS.map(({ name }) => name).sort(),
    'anthropic azure cerebras cohere custom deepseek fireworks gemini groq mistral ollama openai openrouter perplexity sambanova together vllm xai'.split(
      ' ',
    ),
  );
  for (const { name, keyVariable, url } of PROVIDERS) {
    t.true(keyVariable in variables, name);
    t.true(
      variables[keyVariable as VariableName].schema.safeParse(undefined).success,
      `${keyVariable} is not required`,
    );
    if (typeof url === 'string') t.regex(url, /^https:\/\/.*[^/]$/, name);
  }
});

test('operators read how each is switched on', (t) => {
  const page = readFileSync(new URL('../../../../../../docs/configure.md', import.meta.url), 'utf8');
  for (const { name, label, keyVariable, url } of PROVIDERS)
    for (const said of name === 'custom' ? ['`custom`'] : [`| ${label} | \`${name}\``, `\`${keyVariable}\``])
      t.true(page.includes(said) && (typeof url === 'string' || page.includes(url.variable)), `${name}: ${said}`);
});

test('without a key a provider is off and says which variable is missing; nothing stops', (t) => {
  const { on, off } = createProviders(config());
  t.is(on.size, 0);
  t.is(off.length, PROVIDERS.length);
  for (const { name, reason } of off) {
    const { keyVariable, url, isKeyOptional } = PROVIDERS.find((entry) => entry.name === name) as ProviderEntry;
    t.is(reason.includes(keyVariable), !isKeyOptional, reason);
    if (typeof url !== 'string') t.true(reason.includes(url.variable), reason);
    t.regex(reason, /(is|are) not set\. Set (it|them) and restart the gateway\.$/);
  }
});

test('each is on with its key, however the key is given', (t) => {
  t.is(createProviders(config(EVERYTHING)).on.size, PROVIDERS.length);
  const one = createProviders(
    config({ LLM_PROVIDER_KEYS: 'GROQ_API_KEY=from-line\nXAI_API_KEY=x', GROQ_API_KEY: 'own' }),
  );
  t.deepEqual([...one.on.keys()], ['groq', 'xai']);
  t.is(one.on.get('groq')?.dialects.chat?.request(call('chat')).headers['authorization'], 'Bearer own');
  const keyless = createProviders(config({ OLLAMA_URL: 'http://ollama:11434/v1', VLLM_URL: 'http://vllm:8000/v1' }));
  t.deepEqual([...keyless.on.keys()], ['ollama', 'vllm']);
  t.false('authorization' in (keyless.on.get('ollama')?.dialects.chat?.request(call('chat')).headers ?? {}));
});

test('every surface of every provider asks for its own model, with its key and no header of ours', (t) => {
  for (const [name, provider] of createProviders(config(EVERYTHING)).on) {
    t.true('chat' in provider.dialects, name);
    for (const surface of SURFACES) {
      const dialect = provider.dialects[surface];
      if (!dialect) continue;
      for (const more of surface === 'embeddings' ? [{}] : [{}, { stream: true }]) {
        const { path, headers, body } = dialect.request(call(surface, more));
        t.regex(path, /^\/\S+$/, name);
        t.true(`${path} ${body.toString()}`.includes('theirs'), `${name} ${surface}`);
        t.true(
          Object.values(headers).some((value) => value.includes('key-of-')),
          `${name} ${surface}`,
        );
        t.true(Object.keys(headers).every((header) => header === header.toLowerCase()));
        t.is(headers['content-type'], 'application/json');
        t.is(headers['accept-encoding'], 'identity');
      }
      t.is(dialect.readAnswer(Buffer.from('<html>'), call(surface)), undefined);
    }
  }
});

test('addresses can be others', (t) => {
  const { on } = createProviders(config({ GROQ_API_KEY: 'k', LLM_PROVIDER_URLS: 'groq=http://127.0.0.1:9/x/v1' }));
  t.is(on.get('groq')?.url, 'http://127.0.0.1:9/x/v1');
  const azure = createProviders(
    config({ AZURE_OPENAI_API_KEY: 'k', LLM_PROVIDER_URLS: 'azure=http://127.0.0.1:9/v1' }),
  );
  t.is(azure.on.get('azure')?.url, 'http://127.0.0.1:9/v1');
});

test('a name that nobody has stops the start, with every one that is wrong', (t) => {
  const error = t.throws(
    () =>
      createProviders(
        config({ LLM_PROVIDER_URLS: 'grok=http://x/v1,open-ai=http://x/v1', LLM_PROVIDER_KEYS: 'GROK_API_KEY=secret' }),
      ),
    { instanceOf: ConfigError },
  );
  t.is(error.problems.length, 3);
  for (const name of ['grok', 'open-ai', 'GROK_API_KEY']) t.true(error.message.includes(`'${name}'`));
  t.false(error.message.includes('secret'));
});

test('one more that speaks as OpenAI does is one entry', (t) => {
  const entry: ProviderEntry = {
    name: 'new-one',
    label: 'New One',
    keyVariable: 'NEW_ONE_API_KEY',
    url: 'https://api.new-one.example/v1',
    surfaces: ['chat'],
  };
  const provider = createProviders(config({ LLM_PROVIDER_KEYS: 'NEW_ONE_API_KEY=n1' }), [...PROVIDERS, entry]).on.get(
    'new-one',
  );
  t.like(provider, { name: 'new-one', label: 'New One', url: 'https://api.new-one.example/v1' });
  const { path, headers, body } = provider?.dialects.chat?.request(call('chat', { stream: true })) ?? {};
  t.is(path, '/chat/completions');
  t.is(headers?.['authorization'], 'Bearer n1');
  t.like(JSON.parse(String(body)), { model: 'theirs', stream_options: { include_usage: true } });
});
