import test from 'ava';
import { callOf, jsonOf, usageOf } from '#test/support/dialects.ts';
import { type Dialect, Untranslatable } from '../provider.ts';
import { gemini } from './gemini.ts';

const provider = gemini({ name: 'gemini', label: 'Gemini', url: 'http://g/v1beta', key: 'AIza' });
const chat = provider.dialects.chat as Dialect;
const embeddings = provider.dialects.embeddings as Dialect;
const messages = [{ role: 'user', content: 'hi' }];

test('names the model and the method in the address, and the key in a header', (t) => {
  const ask = (body: Record<string, unknown>, model: string) => chat.request(callOf({ messages, ...body }, { model }));
  t.is(ask({}, 'gemini-x').path, '/models/gemini-x:generateContent');
  t.is(ask({ stream: true }, 'models/gemini-x').path, '/models/gemini-x:streamGenerateContent?alt=sse');
  t.is(ask({}, '../files?x').path, '/models/..%2Ffiles%3Fx:generateContent');
  t.like(ask({}, 'gemini-x').headers, { 'x-goog-api-key': 'AIza' });
  t.false(ask({}, 'gemini-x').path.includes('AIza'));
});

const embed = (body: Record<string, unknown>) =>
  embeddings.request(callOf(body, { surface: 'embeddings', model: 'gemini-embedding-001' }));
const answer = (body: object, asked: Record<string, unknown>) =>
  embeddings.readAnswer(Buffer.from(JSON.stringify(body)), callOf(asked));

test('embeds one text and several as a batch', (t) => {
  const request = (text: string, more = {}) => ({
    model: 'models/gemini-embedding-001',
    content: { parts: [{ text }] },
    ...more,
  });
  t.is(embed({ input: 'a' }).path, '/models/gemini-embedding-001:batchEmbedContents');
  t.deepEqual(jsonOf(embed({ input: 'a' }).body), { requests: [request('a')] });
  t.deepEqual(jsonOf(embed({ input: ['a', 'b'], dimensions: 64 }).body), {
    requests: [request('a', { outputDimensionality: 64 }), request('b', { outputDimensionality: 64 })],
  });
});

test('refuses tokens, and more than Gemini takes at once', (t) => {
  for (const input of [[1, 2], [[1], [2]], Array.from({ length: 101 }, () => 'x')])
    t.is(t.throws(() => embed({ input }), { instanceOf: Untranslatable })?.param, 'input');
});

test('answers embeddings as OpenAI does, of length one when they were cut', (t) => {
  const given = { embeddings: [{ values: [3, 4] }, { values: [0, 2] }], usageMetadata: { promptTokenCount: 5 } };
  const whole = answer(given, { input: ['a', 'b'] });
  t.deepEqual(jsonOf(whole?.body), {
    object: 'list',
    data: [
      { object: 'embedding', index: 0, embedding: [3, 4] },
      { object: 'embedding', index: 1, embedding: [0, 2] },
    ],
    model: 'upstream-model',
    usage: { prompt_tokens: 5, total_tokens: 5 },
  });
  t.deepEqual(whole?.usage, usageOf({ promptTokens: 5 }));
  t.like(jsonOf(answer(given, { input: ['a', 'b'], dimensions: 2 })?.body), {
    data: [{ embedding: [0.6, 0.8] }, { embedding: [0, 1] }],
  });
  const base64 = jsonOf(answer(given, { input: 'a', encoding_format: 'base64' })?.body) as {
    data: { embedding: string }[];
  };
  const bytes = Buffer.from(base64.data[0]?.embedding ?? '', 'base64');
  t.deepEqual([bytes.readFloatLE(0), bytes.readFloatLE(4)], [3, 4]);
});

test('counts embeddings itself when Gemini does not say', (t) => {
  const counted = answer({ embeddings: [{ values: [1] }] }, { input: 'eight ch' });
  t.is(counted?.usage, null);
  t.like(jsonOf(counted?.body), { usage: { prompt_tokens: 2, total_tokens: 2 } });
  t.is(answer({ nope: 1 }, {}), undefined);
});

const read = (status: number, error: object, headers = {}) =>
  provider.readError(status, headers, Buffer.from(JSON.stringify({ error: { code: status, ...error } })));

test('hands on what the client did wrong, in OpenAI’s envelope', (t) => {
  t.deepEqual(read(400, { message: 'Unknown name "x"', status: 'INVALID_ARGUMENT' }), {
    status: 400,
    body: { message: 'Unknown name "x"', type: 'invalid_request_error', param: null, code: null },
    isOurs: false,
  });
  const tooLong = 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).';
  t.like(read(400, { message: tooLong, status: 'INVALID_ARGUMENT' }), {
    status: 400,
    body: { code: 'context_length_exceeded' },
    isOurs: false,
  });
});

const badKey = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' }];
const ours: [string, number, object, number, string][] = [
  [
    'a wrong key',
    400,
    { message: 'API key expired. Please renew the API key.', details: badKey },
    502,
    'upstream_refused',
  ],
  [
    'a country without a free tier',
    400,
    { message: 'User location is not supported', status: 'FAILED_PRECONDITION' },
    502,
    'upstream_refused',
  ],
  ['a key without the right', 403, { message: 'no', status: 'PERMISSION_DENIED' }, 502, 'upstream_refused'],
  ['a model that is gone', 404, { message: 'models/x is not found', status: 'NOT_FOUND' }, 404, 'model_not_found'],
  ['too many requests', 429, { message: 'quota', status: 'RESOURCE_EXHAUSTED' }, 429, 'rate_limit_exceeded'],
  ['too much to do', 503, { message: 'The model is overloaded.', status: 'UNAVAILABLE' }, 503, 'overloaded'],
  ['a bug of theirs', 500, { message: 'Internal', status: 'INTERNAL' }, 502, 'upstream_error'],
];
for (const [what, status, error, expected, code] of ours)
  test(`another provider may do better than ${what}`, (t) => {
    t.like(read(status, error), { status: expected, body: { code }, isOurs: true });
  });

test('waits as long as it is told, at most a minute', (t) => {
  const retry = (retryDelay: string) => ({
    message: 'quota',
    details: [{ '@type': 'x/google.rpc.RetryInfo', retryDelay }],
  });
  t.is(read(429, retry('34.4s')).retryAfterS, 35);
  t.is(read(429, retry('86400s')).retryAfterS, 60);
  t.is(read(429, retry('34s'), { 'retry-after': '7' }).retryAfterS, 7);
});

test('reads errors in a list, and a proxy’s page', (t) => {
  t.like(provider.readError(429, {}, Buffer.from('[{"error":{"code":429,"message":"quota"}}]')), { status: 429 });
  t.like(provider.readError(502, {}, Buffer.from('<html>')), { status: 502, isOurs: true });
});

test('lists models', (t) => {
  t.is(provider.modelsRequest?.('req_1').path, '/models?pageSize=1000');
  const listed = { models: [{ name: 'models/gemini-x' }, {}] };
  t.deepEqual(provider.readModels?.(Buffer.from(JSON.stringify(listed))), [
    { id: 'gemini-x', created: 0, ownedBy: 'google' },
  ]);
  t.is(provider.readModels?.(Buffer.from('nope')), undefined);
});
