import test, { type ExecutionContext } from 'ava';
import { serve } from '../../test/serve.ts';
import type { Produced } from '../llm/ledger.ts';
import { createGemini } from './gemini.ts';

const ASK = { contents: [{ role: 'user', parts: [{ text: 'Bonjour à tous' }] }] };
const WEATHER = {
  name: 'weather',
  parametersJsonSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};

interface Response {
  candidates?: { content: { parts: Record<string, unknown>[] }; finishReason?: string }[];
  usageMetadata?: Record<string, number>;
  promptFeedback?: { blockReason: string };
  error?: { code: number; status: string; message: string; details?: object[] };
}

async function provider(t: ExecutionContext, settings: Record<string, unknown> = {}) {
  const served = await serve((world) => createGemini(world, { apiKey: 'AIza' }));
  t.teardown(() => served.close());
  const { standIn, world, url } = served;
  standIn.actions?.['configure']?.(settings);
  const books = () => standIn.state() as { requests: Produced[] };
  const fault = (kind: string, more = {}) => world.faults.add({ target: 'gemini', kind, times: 1, ...more });
  const post = (
    method: string,
    body: object,
    { model = 'gemini-x', headers = {}, signal = undefined as AbortSignal | undefined } = {},
  ) =>
    fetch(`${url}/v1beta/models/${model}:${method}`, {
      method: 'POST',
      headers: { 'x-goog-api-key': 'AIza', ...headers },
      body: JSON.stringify(body),
      ...(signal && { signal }),
    });
  const plain = async (body: object, model?: string) =>
    (await (await post('generateContent', body, model ? { model } : {})).json()) as Response;
  const stream = async (body: object) => {
    const text = await (await post('streamGenerateContent?alt=sse', body)).text();
    const lines = text.split(/\r?\n/).filter((line) => line.startsWith('data: '));
    return lines.map((line) => JSON.parse(line.slice(6)) as Response);
  };
  return { ...served, books, fault, post, plain, stream };
}

const partsOf = (responses: Response[]) =>
  responses.flatMap(({ candidates }) => candidates?.flatMap(({ content }) => content.parts) ?? []);
const textOf = (responses: Response[]) =>
  partsOf(responses)
    .map(({ text }) => (text as string | undefined) ?? '')
    .join('');

test('gives the same answer to the same question, plain and streamed; the stream ends without a mark', async (t) => {
  const p = await provider(t);
  const plain = await p.plain(ASK);
  const streamed = await p.stream(ASK);
  t.true(textOf([plain]).startsWith('You said: “Bonjour à tous”.'));
  t.is(textOf(streamed), textOf([plain]));
  t.is(streamed.at(-1)?.candidates?.[0]?.finishReason, 'STOP');
  t.deepEqual(streamed.at(-1)?.usageMetadata, plain.usageMetadata);
  t.like(plain.usageMetadata, {
    promptTokenCount: 11,
    candidatesTokenCount: Math.ceil([...textOf([plain])].length / 4),
  });
  t.true(
    (streamed[0]?.usageMetadata?.['candidatesTokenCount'] ?? 99) < (plain.usageMetadata?.['candidatesTokenCount'] ?? 0),
  );
});

test('thinks when told to, beside the candidates, and tells it only when asked', async (t) => {
  const p = await provider(t);
  const ask = (thinkingConfig: object) => p.stream({ ...ASK, generationConfig: { thinkingConfig } });
  const shown = await ask({ thinkingLevel: 'LOW', includeThoughts: true });
  t.is(
    partsOf(shown)
      .filter(({ thought }) => thought)
      .map(({ text }) => text)
      .join(''),
    'Let me think about it.',
  );
  t.is(shown.at(-1)?.usageMetadata?.['thoughtsTokenCount'], 6);
  const hidden = await ask({ thinkingBudget: 1024 });
  t.false(partsOf(hidden).some(({ thought }) => thought));
  t.deepEqual(hidden.at(-1)?.usageMetadata, shown.at(-1)?.usageMetadata);
  t.is((await ask({ thinkingBudget: 0 })).at(-1)?.usageMetadata?.['thoughtsTokenCount'], undefined);
});

test('uses a tool when it must, whole and signed when it thought', async (t) => {
  const p = await provider(t);
  const ask = {
    ...ASK,
    tools: [{ functionDeclarations: [WEATHER] }],
    toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['weather'] } },
  };
  const call = { name: 'weather', args: { city: 'Bonjour à tous' } };
  t.deepEqual(partsOf([await p.plain(ask)]), [{ functionCall: call }]);
  const thoughtful = await p.stream({ ...ask, generationConfig: { thinkingConfig: { thinkingLevel: 'LOW' } } });
  const [part] = partsOf(thoughtful).filter(({ functionCall }) => functionCall);
  t.like(part, { functionCall: call });
  t.is(typeof part?.['thoughtSignature'], 'string');
});

test('answers JSON that fits the schema', async (t) => {
  const p = await provider(t);
  const generationConfig = { responseMimeType: 'application/json', responseJsonSchema: WEATHER.parametersJsonSchema };
  t.deepEqual(JSON.parse(textOf([await p.plain({ ...ASK, generationConfig })])), { city: 'Bonjour à tous' });
});

test('embeds a batch', async (t) => {
  const p = await provider(t);
  const request = (text: string) => ({ model: 'models/e', content: { parts: [{ text }] }, outputDimensionality: 8 });
  const answer = await p.post('batchEmbedContents', { requests: [request('one'), request('two')] }, { model: 'e' });
  const { embeddings, usageMetadata } = (await answer.json()) as {
    embeddings: { values: number[] }[];
    usageMetadata: object;
  };
  t.deepEqual(
    embeddings.map(({ values }) => values.length),
    [8, 8],
  );
  t.notDeepEqual(embeddings[0], embeddings[1]);
  t.deepEqual(usageMetadata, { promptTokenCount: 2 });
});

test('keeps its books by request id, and bills what it made for who left', async (t) => {
  const p = await provider(t, { chunkDelayMs: 20, completionTokens: 200 });
  const controller = new AbortController();
  const headers = { 'x-request-id': 'req-1' };
  const answer = await p.post('streamGenerateContent?alt=sse', ASK, { headers, signal: controller.signal });
  await answer.body?.getReader().read();
  controller.abort();
  while (p.books().requests.some(({ outcome }) => outcome === 'open')) await new Promise((r) => setTimeout(r, 5));
  t.like(p.books().requests[0], {
    requestId: 'req-1',
    outcome: 'aborted',
    promptTokens: 11,
    model: 'gemini-x',
    isStream: true,
  });
  t.true((p.books().requests[0]?.completionTokens ?? 200) < 100);
});

test('misbehaves as told: error in the middle, no usage, odd frames, refusals, a proxy’s page', async (t) => {
  const p = await provider(t);
  const usual = await p.stream(ASK);
  p.fault('odd_framing');
  t.is(textOf(await p.stream(ASK)), textOf(usual));
  p.fault('stream_error', { chunks: 2 });
  t.like((await p.stream(ASK)).at(-1), { error: { code: 503, status: 'UNAVAILABLE' } });
  p.fault('stream_cut', { chunks: 2 });
  await t.throwsAsync(p.stream(ASK));
  for (const ask of [() => p.plain(ASK), async () => (await p.stream(ASK))[0]]) {
    p.fault('refuse');
    t.like(await ask(), {
      promptFeedback: { blockReason: 'PROHIBITED_CONTENT' },
      usageMetadata: { promptTokenCount: 11 },
    });
  }
  p.fault('no_usage');
  t.false((await p.stream(ASK)).some(({ usageMetadata }) => usageMetadata));
  p.fault('html_502');
  t.is((await p.post('generateContent', ASK)).headers.get('content-type'), 'text/html');
});

test('words an injected status as Google does', async (t) => {
  const p = await provider(t);
  p.fault('status', { status: 429, ms: 2500 });
  t.like(await p.plain(ASK), { error: { code: 429, status: 'RESOURCE_EXHAUSTED', details: [{ retryDelay: '2.5s' }] } });
  p.fault('status', { status: 500 });
  t.like(await p.plain(ASK), { error: { code: 500, status: 'INTERNAL' } });
});

const user = (...parts: object[]) => ({ role: 'user', parts });
const model = (...parts: object[]) => ({ role: 'model', parts });
const hi = { text: 'hi' };
const call = { functionCall: { name: 'weather', args: {} } };
const result = { functionResponse: { name: 'weather', response: { output: 'x' } } };
const broken: [string, object, RegExp, string?][] = [
  ['a field it does not know', { model: 'x' }, /Unknown name "model"/],
  ['a field of a field', { generationConfig: { max_tokens: 5 } }, /Unknown name "max_tokens" at 'generationConfig'/],
  ['an empty part', { contents: [user({})] }, /exactly one/],
  ['an empty text', { contents: [user({ text: '' })] }, /Invalid value/],
  ['two things in a part', { contents: [user({ ...hi, ...call })] }, /exactly one/],
  ['a model that begins', { contents: [model(hi), user(hi)] }, /begin with a user/],
  ['a model that ends', { contents: [user(hi), model(hi)] }, /end with a user/],
  ['a call without its result', { contents: [user(hi), model(call), user(hi)] }, /number of function response parts/],
  [
    'an unsigned call',
    { contents: [user(hi), model(call), user(result)] },
    /missing a thought_signature/,
    'gemini-3-x',
  ],
  [
    'names without ANY',
    { toolConfig: { functionCallingConfig: { mode: 'NONE', allowedFunctionNames: ['f'] } } },
    /mode is ANY/,
  ],
  [
    'a name nobody declared',
    { toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['f'] } } },
    /not declared/,
  ],
  ['a seed too large', { generationConfig: { seed: 2 ** 40 } }, /generationConfig\.seed/],
  ['several candidates', { generationConfig: { candidateCount: 2 } }, /one candidate/],
];
for (const [what, more, message, name] of broken)
  test(`refuses ${what}, as Google does`, async (t) => {
    const { error } = await (await provider(t)).plain({ ...ASK, ...more }, name);
    t.like(error, { code: 400, status: 'INVALID_ARGUMENT' });
    t.regex(error?.message ?? '', message);
  });

test('takes a call that is signed, or marked as another’s', async (t) => {
  const p = await provider(t);
  const contents = [user(hi), model({ ...call, thoughtSignature: 'skip_thought_signature_validator' }), user(result)];
  t.is((await p.plain({ contents }, 'gemini-3-x')).error, undefined);
});

test('refuses a wrong key with 400, a stream as a list, an unknown model and an unknown method', async (t) => {
  const p = await provider(t, { models: ['known'] });
  const wrong = await p.post('generateContent', ASK, { headers: { 'x-goog-api-key': 'no' } });
  t.is(wrong.status, 400);
  t.like(await wrong.json(), { error: { details: [{ reason: 'API_KEY_INVALID' }] } });
  t.is((await p.post('streamGenerateContent', ASK, { model: 'known' })).status, 400);
  t.is((await p.post('generateContent', ASK)).status, 404);
  t.is((await p.post('countTokens', ASK)).status, 404);
  const listed = await fetch(`${p.url}/v1beta/models`, { headers: { 'x-goog-api-key': 'AIza' } });
  t.like(await listed.json(), { models: [{ name: 'models/known' }] });
});
