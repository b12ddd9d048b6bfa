import test from 'ava';
import { bodyOf } from '#test/support/dialects.ts';
import { loadConfig } from '#core/config/load.ts';
import { TEST_ENV } from '#test/support/stack.ts';
import { type Provider, type Surface, type UpstreamCall, Untranslatable } from './provider.ts';
import { PROVIDERS, createProviders } from './registry.ts';

const keys = PROVIDERS.map(({ keyVariable }) => `${keyVariable}=k`).join('\n');
const providerOf = (name: string, env: Record<string, string> = {}): Provider => {
  const provider = createProviders(
    loadConfig({
      ...TEST_ENV,
      DATABASE_URL: 'mysql://u:p@127.0.0.1/x',
      REDIS_URL: 'redis://127.0.0.1:6379',
      LLM_PROVIDER_KEYS: keys,
      AZURE_OPENAI_URL: 'https://ours.openai.azure.com/',
      ...env,
    }),
  ).on.get(name);
  if (!provider) throw new Error(`${name} is off`);
  return provider;
};

function call(body: object, surface: Surface = 'chat'): UpstreamCall {
  const asked = bodyOf(body);
  return { requestId: 'req_1', surface, model: 'theirs', body: asked, isStream: asked.fields['stream'] === true };
}
const ask = (provider: Provider, body: object, surface: Surface = 'chat') =>
  provider.dialects[surface]?.request(call({ model: 'asked', ...body }, surface));
const sent = (provider: Provider, body: object, surface: Surface = 'chat'): unknown =>
  JSON.parse(String(ask(provider, body, surface)?.body));
const messages = [{ role: 'user', content: 'hi' }];

test('Groq: what it would refuse without need is left out, what it cannot do is another’s', (t) => {
  const groq = providerOf('groq');
  const named = [
    { role: 'user', name: 'Ann', content: 'hi' },
    { role: 'tool', name: 'f', tool_call_id: 't', content: '1' },
  ];
  t.deepEqual(sent(groq, { messages: named, n: 1, logprobs: false, top_logprobs: 0, logit_bias: {}, seed: 7 }), {
    model: 'theirs',
    messages: [
      { role: 'user', content: 'hi' },
      { role: 'tool', tool_call_id: 't', content: '1' },
    ],
    seed: 7,
  });
  for (const [field, value] of Object.entries({ n: 2, logprobs: true, top_logprobs: 3, logit_bias: { 5: 1 } }))
    t.is(t.throws(() => ask(groq, { messages, [field]: value }), { instanceOf: Untranslatable }).param, field);
  const plain = { model: 'theirs', messages };
  t.is(String(ask(groq, plain)?.body), JSON.stringify(plain), 'and all else are the client’s own bytes');
});

test('Mistral: its names for our fields, and no stream_options', (t) => {
  const mistral = providerOf('mistral');
  const body = { messages, max_completion_tokens: 5, seed: 3, user: 'u', store: false, temperature: 0.5 };
  t.deepEqual(sent(mistral, { ...body, stream: true, stream_options: { include_usage: true } }), {
    model: 'theirs',
    messages,
    max_tokens: 5,
    random_seed: 3,
    temperature: 0.5,
    stream: true,
  });
  t.deepEqual(sent(mistral, { input: 'a', dimensions: 64, user: 'u' }, 'embeddings'), {
    model: 'theirs',
    input: 'a',
    output_dimension: 64,
  });
});

test('OpenRouter: it says its cost, and nobody chooses a model past their key’s list', (t) => {
  const openrouter = providerOf('openrouter');
  t.like(sent(openrouter, { messages, usage: { include: false } }), { model: 'theirs', usage: { include: true } });
  for (const field of ['models', 'preset', 'route', 'fallbacks'])
    for (const surface of ['chat', 'responses', 'messages'] as const)
      t.is(
        t.throws(() => ask(openrouter, { messages, [field]: ['x'] }, surface), { instanceOf: Untranslatable }).param,
        field,
      );
  const headers = (env = {}) => ask(providerOf('openrouter', env), { messages })?.headers ?? {};
  t.false('http-referer' in headers() || 'x-title' in headers());
  t.like(headers({ OPENROUTER_APP_URL: 'https://a.example', OPENROUTER_APP_NAME: 'A' }), {
    'http-referer': 'https://a.example',
    'x-title': 'A',
    authorization: 'Bearer k',
  });
});

const openRouterError = (status: number, error: object, headers = {}) =>
  providerOf('openrouter').readError(
    status,
    headers,
    Buffer.from(JSON.stringify({ error: { code: status, ...error } })),
  );

test('OpenRouter: what matters of its errors is in their metadata', (t) => {
  const flagged = {
    message: 'Input was flagged',
    metadata: { reasons: ['violence'], flagged_input: 'x', provider_name: 'p' },
  };
  t.like(openRouterError(403, flagged), { status: 400, isOurs: false, body: { code: 'content_policy_violation' } });
  t.like(openRouterError(403, { message: 'Key limit exceeded' }), { status: 502, isOurs: true });
  t.like(openRouterError(402, { message: 'Insufficient credits' }), { status: 502, isOurs: true });
  const raw = JSON.stringify({ error: { message: 'maximum context length is 10', code: 'x' } });
  t.like(openRouterError(400, { message: 'Provider returned error', metadata: { raw, provider_name: 'p' } }), {
    status: 400,
    isOurs: false,
    body: { code: 'context_length_exceeded', message: 'maximum context length is 10' },
  });
  t.like(openRouterError(400, { message: 'Provider returned error', metadata: { raw: 'ERROR' } }), {
    body: { message: 'Provider returned error' },
  });
  const reset = { 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': Date.parse('2026-11-20T12:00:07Z') };
  const limited = openRouterError(
    429,
    { message: 'free', metadata: { headers: reset } },
    { date: 'Fri, 20 Nov 2026 12:00:00 GMT' },
  );
  t.like(limited, { status: 429, isOurs: true, retryAfterS: 7 });
});

test('OpenRouter: an error that came with a 200 has the status it names', (t) => {
  const error = { code: 429, message: 'free models per minute' };
  t.like(openRouterError(200, error), { status: 429, isOurs: true });
  t.like(openRouterError(200, { code: 400, message: 'maximum context length is 5' }), { status: 400, isOurs: false });
});

test('xAI: what would be paid and never fetched is refused', (t) => {
  const error = t.throws(() => ask(providerOf('xai'), { messages, deferred: true }), { instanceOf: Untranslatable });
  t.is(error.param, 'deferred');
});

test('Azure: the key in a header of its own, below the v1 path of the resource', (t) => {
  const azure = providerOf('azure');
  t.is(azure.url, 'https://ours.openai.azure.com/openai/v1');
  t.is(providerOf('azure', { AZURE_OPENAI_URL: 'https://gw.example/ai/v1' }).url, 'https://gw.example/ai/v1');
  const { headers, path } = ask(azure, { messages }) ?? {};
  t.is(headers?.['api-key'], 'k');
  t.false('authorization' in (headers ?? {}));
  t.is(path, '/chat/completions');
});

test('DeepSeek: Anthropic’s way is below a path of its own', (t) => {
  const { path, headers } = ask(providerOf('deepseek'), { messages, max_tokens: 5 }, 'messages') ?? {};
  t.is(path, '/anthropic/v1/messages');
  t.like(headers, { 'x-api-key': 'k', 'anthropic-version': '2023-06-01' });
});

test('lists of models are read, and a provider without one is not asked', (t) => {
  const openai = providerOf('openai');
  t.like(openai.modelsRequest?.('req_1'), { path: '/models', body: '' });
  const list = { data: [{ id: 'a', created: 5, owned_by: 'x' }, { id: 'b' }, { name: 'c' }, null] };
  t.deepEqual(openai.readModels?.(Buffer.from(JSON.stringify(list))), [
    { id: 'a', created: 5, ownedBy: 'x' },
    { id: 'b', created: 0, ownedBy: 'unknown' },
  ]);
  t.is(openai.readModels?.(Buffer.from('[{"id":"bare"}]'))?.[0]?.id, 'bare', 'as Together lists them');
  for (const broken of ['', '{}', '<html>']) t.is(openai.readModels?.(Buffer.from(broken)), undefined);
  t.false('modelsRequest' in providerOf('cohere'));
});
