import test from 'ava';
import { anthropic } from './anthropic.ts';

const provider = anthropic({ name: 'anthropic', label: 'Anthropic', url: 'http://a/v1', key: 'sk-ant' });
const read = (status: number, type: string, message: string, headers = {}) =>
  provider.readError(
    status,
    headers,
    Buffer.from(JSON.stringify({ type: 'error', error: { type, message }, request_id: 'req_1' })),
  );

test('hands on what the client did wrong, in OpenAI’s envelope', (t) => {
  t.deepEqual(read(400, 'invalid_request_error', 'messages.0: too odd'), {
    status: 400,
    body: { message: 'messages.0: too odd', type: 'invalid_request_error', param: null, code: null },
    isOurs: false,
  });
  t.like(read(413, 'request_too_large', 'Request exceeds the maximum size'), { status: 413, isOurs: false });
});

test('does not take what the client wrote, quoted, for a word about our account', (t) => {
  const quoted = 'messages.0.role: Unexpected role "usage limits, credit balance".';
  t.like(read(400, 'invalid_request_error', quoted), { status: 400, isOurs: false });
});

test('says too long as OpenAI’s clients know it', (t) => {
  t.like(read(400, 'invalid_request_error', 'prompt is too long: 214802 tokens > 200000 maximum'), {
    status: 400,
    body: { code: 'context_length_exceeded' },
    isOurs: false,
  });
});

const ours: [string, number, string, string, number, string][] = [
  ['a wrong key', 401, 'authentication_error', 'invalid x-api-key', 502, 'upstream_refused'],
  ['a key without the right', 403, 'permission_error', 'not allowed', 502, 'upstream_refused'],
  [
    'an unpaid bill',
    400,
    'invalid_request_error',
    'Your credit balance is too low to access the Anthropic API.',
    502,
    'upstream_refused',
  ],
  [
    'a limit of the operator',
    400,
    'invalid_request_error',
    'You have reached your specified API usage limits.',
    502,
    'upstream_refused',
  ],
  ['a model that is gone', 404, 'not_found_error', 'model: claude-1', 404, 'model_not_found'],
  ['too many requests', 429, 'rate_limit_error', 'slow down', 429, 'rate_limit_exceeded'],
  ['too much to do', 529, 'overloaded_error', 'Overloaded', 503, 'overloaded'],
  ['a bug of theirs', 500, 'api_error', 'Internal server error', 502, 'upstream_error'],
];
for (const [what, status, type, message, expected, code] of ours)
  test(`another provider may do better than ${what}`, (t) => {
    t.like(read(status, type, message), { status: expected, body: { code }, isOurs: true });
  });

test('waits as long as it is told', (t) => {
  t.is(read(429, 'rate_limit_error', 'slow down', { 'retry-after': '7' }).retryAfterS, 7);
});

test('reads a proxy’s page', (t) => {
  t.like(provider.readError(502, {}, Buffer.from('<html>')), { status: 502, isOurs: true });
});

test('lists models', (t) => {
  t.like(provider.modelsRequest?.('req_1'), { path: '/models?limit=1000', headers: { 'x-api-key': 'sk-ant' } });
  const listed = { data: [{ id: 'claude-x', created_at: '2026-01-01T00:00:00Z' }, { id: 'y', created_at: null }, {}] };
  t.deepEqual(provider.readModels?.(Buffer.from(JSON.stringify(listed))), [
    { id: 'claude-x', created: 1_767_225_600, ownedBy: 'anthropic' },
    { id: 'y', created: 0, ownedBy: 'anthropic' },
  ]);
  t.is(provider.readModels?.(Buffer.from('nope')), undefined);
});
