import test from 'ava';
import fc from 'fast-check';
import { errorOf, readError } from './error.ts';

const read = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  readError(status, headers, Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));
const HTML = '<html><head><title>502 Bad Gateway</title></head></html>';

interface Case {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
  is: Record<string, unknown>;
}

/** Bodies as the providers send them, shortened. */
const CASES: Record<string, Case> = {
  'OpenAI: a field is wrong': {
    status: 400,
    body: {
      error: { message: "Invalid 'n'.", type: 'invalid_request_error', param: 'n', code: 'integer_above_max_value' },
    },
    is: {
      status: 400,
      isOurs: false,
      body: { message: "Invalid 'n'.", type: 'invalid_request_error', param: 'n', code: 'integer_above_max_value' },
    },
  },
  'OpenAI: our bill, with the status of a limit': {
    status: 429,
    body: {
      error: { message: 'You exceeded your current quota', type: 'insufficient_quota', code: 'insufficient_quota' },
    },
    is: { status: 502, isOurs: true, body: { code: 'upstream_refused' } },
  },
  'OpenAI: its limit names our organization': {
    status: 429,
    body: { error: { message: 'Rate limit reached in organization org-Ab1 on tokens', code: 'rate_limit_exceeded' } },
    headers: { 'retry-after': '20' },
    is: { status: 429, isOurs: true, retryAfterS: 20, body: { code: 'rate_limit_exceeded', type: 'requests' } },
  },
  'OpenAI: too long': {
    status: 400,
    body: {
      error: {
        message: "This model's maximum context length is 8192 tokens.",
        type: 'invalid_request_error',
        code: 'context_length_exceeded',
      },
    },
    is: { status: 400, isOurs: false, body: { code: 'context_length_exceeded' } },
  },
  'vLLM: too long, in its own envelope': {
    status: 400,
    body: {
      object: 'error',
      message: "This model's maximum context length is 4096 tokens. However, you requested 5000.",
      type: 'BadRequestError',
      param: null,
      code: 400,
    },
    is: { status: 400, isOurs: false, body: { code: 'context_length_exceeded', type: 'invalid_request_error' } },
  },
  'Anthropic-style: too long': {
    status: 413,
    body: {
      type: 'error',
      error: { type: 'invalid_request_error', message: 'prompt is too long: 210000 tokens > 200000 maximum' },
    },
    is: { status: 400, isOurs: false, body: { code: 'context_length_exceeded' } },
  },
  'Groq: larger than its minute allows us': {
    status: 413,
    body: {
      error: {
        message:
          'Request too large for model `x` in organization `org_01abc` on tokens per minute (TPM): Limit 6000, Requested 9000',
        type: 'tokens',
        code: 'rate_limit_exceeded',
      },
    },
    is: { status: 413, isOurs: true },
  },
  'OpenAI: what the client wrote, quoted': {
    status: 400,
    body: {
      error: { message: "Invalid value: 'incorrect api key'. Supported values are: 'user'.", code: 'invalid_value' },
    },
    is: { status: 400, isOurs: false, body: { code: 'invalid_value' } },
  },
  'Groq: the model is gone': {
    status: 400,
    body: {
      error: {
        message: 'The model `m` has been decommissioned',
        type: 'invalid_request_error',
        code: 'model_decommissioned',
      },
    },
    is: { status: 404, isOurs: true, body: { code: 'model_not_found' } },
  },
  'Groq: its flex tier is full': {
    status: 498,
    body: { error: { message: 'capacity' } },
    is: { status: 503, isOurs: true },
  },
  'xAI: our key, with the status of a wrong field': {
    status: 400,
    body: {
      code: 'Client specified an invalid argument',
      error: 'Incorrect API key provided: xa***yz. Visit the console.',
    },
    is: { status: 502, isOurs: true, body: { code: 'upstream_refused' } },
  },
  'xAI: an error as a text': {
    status: 422,
    body: { code: 'The request is malformed', error: 'Failed to deserialize the JSON body' },
    is: { status: 422, isOurs: false, body: { message: 'Failed to deserialize the JSON body' } },
  },
  'Mistral: a field that it does not know': {
    status: 422,
    body: {
      object: 'error',
      message: {
        detail: [{ type: 'extra_forbidden', loc: ['body', 'stream_options'], msg: 'Extra inputs are not permitted' }],
      },
      type: 'invalid_request_error',
      param: null,
      code: null,
    },
    is: {
      status: 422,
      isOurs: false,
      body: { message: 'stream_options: Extra inputs are not permitted', param: 'stream_options' },
    },
  },
  'Mistral: the same as JSON in a text': {
    status: 422,
    body: {
      object: 'error',
      message: '{"detail":[{"loc":["body","messages",0,"role"],"msg":"Field required"}]}',
      type: 'internal_error_proxy',
      code: '1000',
    },
    is: { status: 422, isOurs: false, body: { param: 'messages.0.role' } },
  },
  'FastAPI: a text': {
    status: 404,
    body: { detail: 'Not Found' },
    is: { status: 404, isOurs: false, body: { message: 'Not Found' } },
  },
  'Cerebras: no envelope around it': {
    status: 400,
    body: { message: 'property n is unsupported', type: 'invalid_request_error', param: 'n', code: 'wrong_api_format' },
    is: { status: 400, isOurs: false, body: { param: 'n', code: 'wrong_api_format' } },
  },
  'Gemini’s compatible API: a list': {
    status: 400,
    body: [{ error: { code: 400, message: 'Invalid value at temperature', status: 'INVALID_ARGUMENT' } }],
    is: { status: 400, isOurs: false, body: { message: 'Invalid value at temperature', code: null } },
  },
  'DeepSeek: no balance': {
    status: 402,
    body: { error: { message: 'Insufficient Balance', type: 'unknown_error', code: 'invalid_request_error' } },
    is: { status: 502, isOurs: true, body: { code: 'upstream_refused' } },
  },
  'our key': {
    status: 401,
    body: { error: { message: 'Incorrect API key provided: sk-abc123', code: 'invalid_api_key' } },
    is: { status: 502, isOurs: true },
  },
  'our account': {
    status: 403,
    body: { error: { message: 'Country not supported' } },
    is: { status: 502, isOurs: true },
  },
  'HTML for our key': { status: 401, body: '<html>401</html>', is: { status: 502, isOurs: true } },
  'HTML of a proxy': {
    status: 502,
    body: HTML,
    is: { status: 502, isOurs: true, body: { code: 'upstream_error', message: 'The provider failed (502).' } },
  },
  'HTML with the status of a client’s error': { status: 400, body: HTML, is: { status: 502, isOurs: true } },
  'HTML for a body that is too large': {
    status: 413,
    body: HTML,
    is: { status: 413, isOurs: false, body: { code: 'request_too_large' } },
  },
  'nothing at all': { status: 500, body: '', is: { status: 502, isOurs: true } },
  'an envelope with nothing in it': { status: 400, body: { error: {} }, is: { status: 502, isOurs: true } },
  overloaded: {
    status: 529,
    body: { error: { message: 'Overloaded' } },
    is: { status: 503, isOurs: true, retryAfterS: 1 },
  },
  'away for a while': {
    status: 503,
    body: '',
    headers: { 'retry-after': '4' },
    is: { status: 503, isOurs: true, retryAfterS: 4 },
  },
  'a redirect': { status: 302, body: '', is: { status: 502, isOurs: true } },
  'a server error that speaks of a context': {
    status: 500,
    body: { error: { message: 'context size error' } },
    is: { status: 502, isOurs: true },
  },
};
for (const [what, { status, body, headers, is }] of Object.entries(CASES))
  test(`an error of ${what}`, (t) => t.like(read(status, body, headers), is));

test('an error with a status of 200 is read by what it says', (t) => {
  t.like(read(200, { error: { message: 'x', code: 503 } }), { status: 503, isOurs: true });
  t.like(read(200, '<html>'), { status: 502, isOurs: true });
});

test('nothing of our account or our key gets into what a client reads', (t) => {
  const message =
    'Bad request of org-Ab1cD2eF for proj_x9y8z7 with sk-proj-abc123DEF, gsk_a1b2c3d4 or xai-9f8e7d; user_location and org_name stay.';
  const { body } = read(400, { error: { message } });
  t.is(body.message, 'Bad request of … for … with …, … or …; user_location and org_name stay.');
});

test('an error inside a stream has the status that its code or its type tells', (t) => {
  t.like(errorOf({ code: 429, message: 'x' }), { status: 429, isOurs: true });
  t.like(errorOf({ code: '503', message: 'x' }), { status: 503, isOurs: true });
  t.like(errorOf({ status_code: 400, message: 'bad' }), { status: 400, isOurs: false, body: { message: 'bad' } });
  t.like(errorOf({ code: 401, message: 'our key sk-1' }), {
    status: 502,
    isOurs: true,
    body: { code: 'upstream_refused' },
  });
  t.like(errorOf({ message: 'maximum context length' }), { status: 400, isOurs: false });
  t.like(errorOf({ code: 'insufficient_quota', message: 'x' }), { status: 502, body: { code: 'upstream_refused' } });
  for (const odd of [null, undefined, 'x', 7, [], {}]) t.like(errorOf(odd), { status: 502, isOurs: true });
});

test('whatever a provider says, a client gets an envelope and never our 401, 402 or 403', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 300, max: 599 }), fc.oneof(fc.json(), fc.string()), (status, text) => {
      const { status: shown, body, isOurs } = readError(status, {}, Buffer.from(text));
      t.true(shown >= 400 && shown <= 599 && ![401, 402, 403].includes(shown));
      t.true(typeof body.message === 'string' && body.message !== '' && typeof body.type === 'string');
      t.true(isOurs || shown < 500);
    }),
  );
});
