import test from 'ava';
import OpenAI from 'openai';
import { FREE, MODEL, STUDENT, hello, startLlmWorld, textOf } from '#test/support/llm-world.ts';
import { atEnd, eventually } from '#test/support/stack.ts';
import type { Faults } from '../../../../../sandbox/src/kernel/faults.ts';

test('answers the official client: models, plain, streamed, with tools', async (t) => {
  const world = await startLlmWorld(atEnd(t));
  const gateway = await world.startGateway();
  world.startConsumer();
  const client = gateway.client(await world.createKey(await world.createTenant()));

  const models = await client.models.list();
  t.deepEqual(
    models.data.map(({ id }) => id),
    ['sandbox-small', 'sandbox-large', 'sandbox-embedding'],
  );
  t.is((await client.models.retrieve('sandbox-small')).owned_by, 'sandbox');

  const { data: plain, response } = await client.chat.completions.create(hello).withResponse();
  t.regex(plain.choices[0]?.message.content ?? '', /Say hello to the whole café\./);
  t.regex(response.headers.get('x-request-id') ?? '', /^req_/);
  t.is(response.headers.get('x-gateway-model'), MODEL);
  t.is(response.headers.get('set-cookie'), null);
  t.is(response.headers.get('openai-organization'), null);
  const { prompt_tokens: prompt = 0, completion_tokens: completion = 0 } = plain.usage ?? {};
  t.is(response.headers.get('x-gateway-cost-usd'), ((prompt * 150 + completion * 600) / 1e9).toFixed(9));

  const chunks = [];
  const stream = await client.chat.completions.create({ ...hello, stream: true });
  for await (const chunk of stream) chunks.push(chunk);
  t.is(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join(''), plain.choices[0]?.message.content ?? '');
  t.true(
    chunks.every((chunk) => chunk.choices.length > 0),
    'the usage chunk was not asked for',
  );

  const withUsage = [];
  const asked = await client.chat.completions.create({
    ...hello,
    stream: true,
    stream_options: { include_usage: true },
  });
  for await (const chunk of asked) withUsage.push(chunk);
  t.deepEqual(withUsage.at(-1)?.choices, []);
  t.is(withUsage.at(-1)?.usage?.completion_tokens, completion);

  const tools = [
    { type: 'function' as const, function: { name: 'weather', parameters: { type: 'object', properties: {} } } },
  ];
  const called = await client.chat.completions.create({ ...hello, tools, tool_choice: 'required' });
  const [call] = called.choices[0]?.message.tool_calls ?? [];
  t.is(call?.type === 'function' ? call.function.name : undefined, 'weather');

  const rows = await world.rowsWhen(4);
  t.deepEqual(
    rows.map((row) => [row.outcome, row.is_estimated]),
    Array.from({ length: 4 }, () => ['completed', 0]),
  );
  t.deepEqual(
    rows.map((row) => [row.request_id, row.prompt_tokens, row.completion_tokens]),
    world.provider.produced().map((made) => [made.requestId, made.promptTokens, made.completionTokens]),
  );
  t.is(rows[0]?.price, `custom/${MODEL}@2026-11-20`);
});

test('maps what goes wrong to the errors that the client knows', async (t) => {
  const world = await startLlmWorld(atEnd(t), { LLM_FIRST_BYTE_TIMEOUT_MS: '500', LLM_ANSWER_TIMEOUT_MS: '500' });
  const gateway = await world.startGateway();
  const tenant = await world.createTenant();
  const key = await world.createKey(tenant);
  const client = gateway.client(key);
  const fails = async (request: () => Promise<unknown>, status: number, code: string | null) => {
    const error = await t.throwsAsync(request, { instanceOf: OpenAI.APIError });
    t.is(error instanceof OpenAI.APIError ? error.status : undefined, status);
    t.is(error instanceof OpenAI.APIError ? error.code : undefined, code);
    return error;
  };

  const wrongKey = `sk-bst-${'x'.repeat(43)}`;
  t.true(
    (await fails(() => gateway.client(wrongKey).models.list(), 401, 'invalid_api_key')) instanceof
      OpenAI.AuthenticationError,
  );
  await fails(() => gateway.client('sk-something').models.list(), 401, 'invalid_api_key');
  const create = (body: object) => () => client.chat.completions.create(body as typeof hello);
  await fails(create({ messages: hello.messages }), 400, 'missing_required_parameter');
  await fails(create({ model: MODEL }), 400, 'missing_required_parameter');
  await fails(create({ ...hello, messages: [] }), 400, 'invalid_value');
  await fails(create({ ...hello, messages: [{ content: 'x' }] }), 400, 'invalid_value');
  await fails(create({ ...hello, max_tokens: -1 }), 400, 'invalid_value');
  await fails(create({ ...hello, stream: 'yes' }), 400, 'invalid_value');
  await fails(create({ ...hello, messages: [{ role: 'nobody', content: 'x' }] }), 400, 'invalid_value');

  const limited = gateway.client(await world.createKey(tenant, { models: ['other'] }));
  await fails(() => limited.chat.completions.create(hello), 404, 'model_not_found');
  const expiring = await world.createKey(tenant, { expiresAt: new Date(Date.now() + 300).toISOString() });
  await eventually('the end of the key', () => Promise.resolve(Date.now() > Date.parse(expiring.expiresAt ?? '')));
  await fails(() => gateway.client(expiring).chat.completions.create(hello), 401, 'invalid_api_key');

  // Each by a gateway that has not seen the others, so that no breaker is open.
  const struck = async (fault: object, stream: boolean, status: number, code: string) => {
    await world.forgetFailures();
    const fresh = await world.startGateway();
    world.provider.faults.add({ target: 'llm', times: 1, ...fault } as Parameters<Faults['add']>[0]);
    const request = { ...hello, stream } as typeof hello;
    const error = await fails(() => fresh.client(key).chat.completions.create(request), status, code);
    await fresh.stop();
    return error;
  };
  for (const stream of [false, true]) {
    await struck({ kind: 'status', status: 500 }, stream, 502, 'upstream_error');
    await struck({ kind: 'status', status: 401 }, stream, 502, 'upstream_refused');
    const limitedError = await struck({ kind: 'status', status: 429, ms: 7000 }, stream, 429, 'rate_limit_exceeded');
    t.is(limitedError instanceof OpenAI.RateLimitError ? limitedError.headers.get('retry-after') : undefined, '7');
    await struck({ kind: 'html_502' }, stream, 502, 'upstream_error');
    await struck({ kind: 'drop_before' }, stream, 502, 'upstream_disconnected');
    await struck({ kind: 'hang' }, stream, 504, 'upstream_timeout');
  }
  await struck({ kind: 'bad_json' }, false, 502, 'upstream_invalid_response');
  await struck({ kind: 'stream_cut' }, false, 502, 'upstream_disconnected');
  await world.forgetFailures();

  const plain = await (await world.startGateway()).client(key).chat.completions.create(hello);
  t.truthy(plain.id, 'and then everything is well again');
});

test('refuses what is too large, garbled or not there, in the same envelope', async (t) => {
  const world = await startLlmWorld(atEnd(t));
  const gateway = await world.startGateway();
  const key = await world.createKey(await world.createTenant());
  const headers = { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json' };
  const post = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`${gateway.url}${path}`, { method: 'POST', headers, ...init });
    const { error } = (await response.json()) as { error: { code: string; message: string; type: string } };
    t.regex(response.headers.get('x-request-id') ?? '', /^req_/);
    t.truthy(error.message);
    return [response.status, error.code];
  };
  const huge = Buffer.alloc(17 * 1024 * 1024, 97);
  t.deepEqual(await post('/chat/completions', { body: huge }), [413, 'request_too_large']);
  const chunked = new ReadableStream({
    start(controller) {
      for (let part = 0; part < 17; part += 1) controller.enqueue(Buffer.alloc(1024 * 1024, 97));
      controller.close();
    },
  });
  const streamed = { body: chunked, duplex: 'half' } as RequestInit;
  t.deepEqual(await post('/chat/completions', streamed), [413, 'request_too_large']);
  t.deepEqual(await post('/chat/completions', { body: '{"model":' }), [400, 'invalid_json']);
  t.deepEqual(await post('/chat/completions', { body: '[]' }), [400, 'invalid_json']);
  t.deepEqual(await post('/chat/completions', { body: '' }), [400, 'invalid_json']);
  t.deepEqual(await post('/nothing', { body: '{}' }), [404, 'unknown_url']);
  t.deepEqual(await post('/models', { body: '{}' }), [405, 'method_not_supported']);
  t.deepEqual(await post('/chat/completions', { headers: {}, body: '{}' }), [401, 'invalid_api_key']);
  const encoded = { headers: { ...headers, 'content-encoding': 'gzip' }, body: 'x' };
  t.deepEqual(await post('/chat/completions', encoded), [415, 'unsupported_encoding']);
});

test('what a client puts into headers and odd bodies stays with us', async (t) => {
  const world = await startLlmWorld(atEnd(t));
  const gateway = await world.startGateway();
  const key = await world.createKey(await world.createTenant(STUDENT));
  const post = (body: string, headers: Record<string, string> = {}) =>
    fetch(`${gateway.url}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `bearer ${key.secret}`, ...headers },
      body,
    });
  const tricks = {
    cookie: 'session=1',
    'x-request-id': 'req_chosen_by_the_client',
    'x-forwarded-for': '10.0.0.1',
    'openai-organization': 'org-x',
    'x-api-key': 'other',
  };
  const answer = await post(JSON.stringify(hello), tricks);
  t.is(answer.status, 200);
  const sent = world.provider.headers();
  t.deepEqual(Object.keys(sent).sort(), [
    'accept',
    'accept-encoding',
    'authorization',
    'connection',
    'content-length',
    'content-type',
    'host',
    'user-agent',
    'x-request-id',
  ]);
  t.is(sent['x-request-id'], answer.headers.get('x-request-id') ?? '');
  t.not(sent['x-request-id'], tricks['x-request-id']);
  t.false(String(sent.authorization).includes(key.secret));

  const surrogate = await post(JSON.stringify({ ...hello, model: 'odd \ud800 \n name' }));
  t.is(surrogate.status, 200);
  t.is(surrogate.headers.get('x-gateway-model'), 'odd ? ? name');
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  const nested = await post(`{"model":"m","stream":true,"stream_options":{},"messages":[{"role":"user"}],"x":${deep}}`);
  t.is(nested.status, 400);
  const left = (await post(JSON.stringify(hello))).headers.get('x-ratelimit-remaining-requests');
  t.is(left, '7', 'what was refused reserved nothing');
});

test('lets pages of any origin call with a key, and read our headers', async (t) => {
  const world = await startLlmWorld(atEnd(t));
  const gateway = await world.startGateway();
  const preflight = await fetch(`${gateway.url}/chat/completions`, {
    method: 'OPTIONS',
    headers: {
      origin: 'https://app.example.test',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type,x-stainless-lang',
    },
  });
  t.is(preflight.status, 204);
  t.is(preflight.headers.get('access-control-allow-origin'), '*');
  t.is(preflight.headers.get('access-control-allow-headers'), 'authorization,content-type,x-stainless-lang');
  const refused = await fetch(`${gateway.url}/models`, { headers: { origin: 'https://app.example.test' } });
  t.is(refused.status, 401);
  t.is(refused.headers.get('access-control-allow-origin'), '*');
  t.regex(refused.headers.get('access-control-expose-headers') ?? '', /x-request-id.*x-gateway-cost-usd/);
});

test('three messages a day are exactly three, however many ask at once of two gateways', async (t) => {
  const world = await startLlmWorld(atEnd(t));
  const gateways = [await world.startGateway(), await world.startGateway()] as const;
  const tenant = await world.createTenant(FREE);
  const keys = [await world.createKey(tenant), await world.createKey(tenant)] as const;
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, async (_, at) => {
      const client = gateways[at % 2 === 0 ? 0 : 1].client(keys[at % 3 === 0 ? 0 : 1]);
      return client.chat.completions.create(hello).then(
        () => 'served',
        (error: unknown) => error as InstanceType<typeof OpenAI.RateLimitError>,
      );
    }),
  );
  t.is(outcomes.filter((outcome) => outcome === 'served').length, 3);
  for (const refused of outcomes) {
    if (refused === 'served' || typeof refused === 'string') continue;
    t.true(refused instanceof OpenAI.RateLimitError);
    t.is(refused.code, 'insufficient_quota');
    t.is(refused.headers.get('x-should-retry'), 'false');
    t.is(refused.headers.get('x-ratelimit-remaining-requests'), '0');
    t.regex(refused.headers.get('retry-after') ?? '', /^\d+$/);
  }
  t.is(world.provider.produced().length, 3);
  const startedAt = Date.now();
  await t.throwsAsync(() => gateways[0].client(keys[0], { maxRetries: 2 }).chat.completions.create(hello));
  t.true(Date.now() - startedAt < 2000, 'the client does not wait for tomorrow');
});

test('ten a minute are ten, and a failure of the provider counts for nothing', async (t) => {
  const world = await startLlmWorld(atEnd(t));
  const gateway = await world.startGateway();
  const client = gateway.client(await world.createKey(await world.createTenant(STUDENT)));
  world.provider.faults.add({ target: 'llm', kind: 'status', status: 500, times: 4 });
  for (let failure = 0; failure < 4; failure += 1) await t.throwsAsync(() => client.chat.completions.create(hello));
  let remaining: string | null = null;
  for (let message = 0; message < 10; message += 1) {
    const { response } = await client.chat.completions.create(hello).withResponse();
    remaining = response.headers.get('x-ratelimit-remaining-requests');
  }
  t.is(remaining, '0');
  const error = await t.throwsAsync(() => client.chat.completions.create(hello), {
    instanceOf: OpenAI.RateLimitError,
  });
  t.is(error instanceof OpenAI.RateLimitError ? error.code : undefined, 'rate_limit_exceeded');
  const retryAfter = Number(error instanceof OpenAI.RateLimitError ? error.headers.get('retry-after') : 0);
  t.true(retryAfter > 50 && retryAfter <= 60);
});

test('what a provider says no to is a request of the minute, and no message', async (t) => {
  const world = await startLlmWorld(atEnd(t));
  const gateway = await world.startGateway();
  const client = gateway.client(await world.createKey(await world.createTenant(STUDENT)));
  const wrong = { ...hello, messages: [{ role: 'nobody' as 'user', content: 'x' }] };
  for (let at = 0; at < 10; at += 1)
    await t.throwsAsync(() => client.chat.completions.create(wrong), { instanceOf: OpenAI.BadRequestError });
  await t.throwsAsync(() => client.chat.completions.create(wrong), { instanceOf: OpenAI.RateLimitError });
  t.is(world.provider.produced().length, 0);
});

test('a tenant without a plan of the gateway gets nothing', async (t) => {
  const world = await startLlmWorld(atEnd(t));
  const gateway = await world.startGateway();
  const client = gateway.client(await world.createKey(await world.createTenant(null)));
  const error = await t.throwsAsync(() => client.chat.completions.create(hello));
  t.is(error instanceof OpenAI.RateLimitError ? error.code : undefined, 'insufficient_quota');
  t.is(world.provider.produced().length, 0);
});

test('passes streams on whole, whatever the segments, line ends and places of usage are', async (t) => {
  const world = await startLlmWorld(atEnd(t));
  const gateway = await world.startGateway();
  world.startConsumer();
  const client = gateway.client(await world.createKey(await world.createTenant()));
  const request = { ...hello, messages: [{ role: 'user' as const, content: 'Ça va ? 東京 🏰 été — œuvre' }] };
  const expected = (await client.chat.completions.create(request)).choices[0]?.message.content ?? '';
  for (const kind of ['odd_framing', 'usage_with_choices', 'no_usage']) {
    world.provider.faults.add({ target: 'llm', kind, times: 1 });
    t.is(await textOf(await client.chat.completions.create({ ...request, stream: true })), expected, kind);
  }
  const rows = await world.rowsWhen(4);
  t.deepEqual(
    rows.map((row) => row.completion_tokens),
    Array.from({ length: 4 }, () => rows[0]?.completion_tokens),
  );
  t.deepEqual(
    rows.map((row) => row.is_estimated),
    [0, 0, 0, 1],
  );
});
