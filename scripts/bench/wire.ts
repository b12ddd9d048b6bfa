/** What goes over the wire, the same for every candidate: bytes made once. */
export const MODEL = 'gpt-4o-mini';
export const CHUNKS = 50;

const ID = 'chatcmpl-9Zq3mJpXkT2vYh7LwRnB4sDfGcA1';
const CREATED = 1_763_640_000;
const USAGE = {
  prompt_tokens: 62,
  completion_tokens: 150,
  total_tokens: 212,
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
};
const SENTENCE = 'A gateway stands between the programs of many tenants and the providers of models. ';

/** An answer in one piece, 1,021 bytes. */
export const ANSWER = Buffer.from(padded(1021, (content) => completion(content)));

const event = (value: object) => Buffer.from(`data: ${JSON.stringify(value)}\n\n`);
const chunk = (choices: object[]) => ({
  id: ID,
  object: 'chat.completion.chunk',
  created: CREATED,
  model: MODEL,
  system_fingerprint: 'fp_bench',
  choices,
});
export const EVENT = event(chunk([{ index: 0, delta: { content: ' tokens' }, logprobs: null, finish_reason: null }]));
export const USAGE_EVENT = event({ ...chunk([]), usage: USAGE });
export const STREAM_END = Buffer.concat([
  event(chunk([{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }])),
  Buffer.from('data: [DONE]\n\n'),
]);

/** Bodies of requests: 420 bytes and 100 KB. */
export const SMALL_PROMPT = padded(420, (content) => prompt(content));
export const LARGE_PROMPT = padded(100 * 1024, (content) => prompt(content));
export const STREAM_PROMPT = padded(420, (content) => prompt(content, { stream: true }));

export interface Route {
  port: number;
  headers: Record<string, string>;
}

/** A whole HTTP request, as a client sends it. */
export function requestOf({ port, headers }: Route, body: string): Buffer {
  const lines = Object.entries({
    host: `127.0.0.1:${port}`,
    accept: 'application/json',
    'content-type': 'application/json',
    'user-agent': 'bench/1',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from(`POST /v1/chat/completions HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
}

function completion(content: string): string {
  return JSON.stringify({
    id: ID,
    object: 'chat.completion',
    created: CREATED,
    model: MODEL,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content, refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: USAGE,
    system_fingerprint: 'fp_bench',
  });
}

function prompt(content: string, rest: { stream?: true } = {}): string {
  return JSON.stringify({
    model: MODEL,
    messages: [
      { role: 'system', content: 'You answer in one short paragraph.' },
      { role: 'user', content },
    ],
    temperature: 0.7,
    max_tokens: 256,
    ...rest,
  });
}

/** Fills the text until the whole has that many bytes. */
function padded(sizeBytes: number, make: (content: string) => string): string {
  const room = sizeBytes - make('').length;
  return make(SENTENCE.repeat(Math.ceil(room / SENTENCE.length)).slice(0, room));
}
