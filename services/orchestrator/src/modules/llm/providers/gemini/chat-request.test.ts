import test from 'ava';
import { callOf, jsonOf } from '#test/support/dialects.ts';
import { Untranslatable } from '../provider.ts';
import { generateContentBody } from './chat-request.ts';

const MODEL = 'gemini-2.5-flash';
const hi = { role: 'user', content: 'hi' };
const HI = { role: 'user', parts: [{ text: 'hi' }] };

const translate = (body: object, model = MODEL) =>
  jsonOf(generateContentBody(callOf({ messages: [hi], ...body }, { model }))) as Record<string, unknown>;
const config = (body: object, model?: string) =>
  (translate(body, model)['generationConfig'] ?? {}) as Record<string, unknown>;
const contents = (messages: object[], model?: string) => translate({ messages }, model)['contents'];

const weather = {
  type: 'function',
  function: {
    name: 'weather',
    description: 'of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
};
const call = (id: string, args = '{"city":"Oran"}', more = {}) => ({
  id,
  type: 'function',
  function: { name: 'weather', arguments: args },
  ...more,
});

test('asks for the least that Gemini wants; the address says whether it is a stream', (t) => {
  t.deepEqual(translate({ stream: true, stream_options: { include_usage: true }, user: 'u' }), { contents: [HI] });
});

test('puts system and developer messages in front, wherever they stood', (t) => {
  t.deepEqual(translate({ messages: [{ role: 'system', content: 'a' }, hi, { role: 'developer', content: 'b' }] }), {
    systemInstruction: { parts: [{ text: 'a' }, { text: 'b' }] },
    contents: [HI],
  });
});

test('carries every kind of content', (t) => {
  const content = [
    { type: 'text', text: 'look' },
    { type: 'text', text: '' },
    { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
    { type: 'image_url', image_url: { url: 'https://example.com/a.JPG?x=1' } },
    { type: 'image_url', image_url: { url: 'https://example.com/a' } },
    { type: 'input_audio', input_audio: { data: 'BBBB', format: 'mp3' } },
    { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,CCCC' } },
  ];
  t.deepEqual(contents([{ role: 'user', content }]), [
    {
      role: 'user',
      parts: [
        { text: 'look' },
        { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
        { fileData: { fileUri: 'https://example.com/a.JPG?x=1', mimeType: 'image/jpeg' } },
        { fileData: { fileUri: 'https://example.com/a' } },
        { inlineData: { mimeType: 'audio/mp3', data: 'BBBB' } },
        { inlineData: { mimeType: 'application/pdf', data: 'CCCC' } },
      ],
    },
  ]);
});

test('makes one content of what one side says in a row, and lets the user begin', (t) => {
  t.like(contents([{ role: 'assistant', content: 'Welcome!' }, hi, { role: 'user', content: 'there' }]), [
    { role: 'user' },
    { role: 'model', parts: [{ text: 'Welcome!' }] },
    { role: 'user', parts: [{ text: 'hi' }, { text: 'there' }] },
  ]);
});

const used = [
  hi,
  {
    role: 'assistant',
    content: [
      { type: 'text', text: 'so' },
      { type: 'refusal', refusal: 'no' },
    ],
    tool_calls: [call('a'), call('b', '')],
  },
  { role: 'tool', tool_call_id: 'a', content: '{"sky":"blue"}' },
  {
    role: 'tool',
    tool_call_id: 'b',
    content: [
      { type: 'text', text: 'rain' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } },
    ],
  },
];

test('brings calls and results of tools with their names and ids', (t) => {
  t.deepEqual(contents(used), [
    HI,
    {
      role: 'model',
      parts: [
        { text: 'so' },
        { text: 'no' },
        { functionCall: { id: 'a', name: 'weather', args: { city: 'Oran' } } },
        { functionCall: { id: 'b', name: 'weather', args: {} } },
      ],
    },
    {
      role: 'user',
      parts: [
        { functionResponse: { id: 'a', name: 'weather', response: { output: '{"sky":"blue"}' } } },
        {
          functionResponse: {
            id: 'b',
            name: 'weather',
            response: { output: 'rain' },
            parts: [{ inlineData: { mimeType: 'image/png', data: 'AA' } }],
          },
        },
      ],
    },
  ]);
});

test('gives signatures back; newer models get Google’s own word where one is missing', (t) => {
  const signed = (signature: string | undefined) => [
    hi,
    {
      role: 'assistant',
      tool_calls: [
        call('a', '{}', signature ? { extra_content: { google: { thought_signature: signature } } } : {}),
        call('b', '{}'),
      ],
    },
  ];
  const signatures = (messages: object[], model: string) => {
    const [, turn] = contents(messages, model) as { parts: { thoughtSignature?: string }[] }[];
    return turn?.parts.map(({ thoughtSignature }) => thoughtSignature);
  };
  t.deepEqual(signatures(signed('sig'), 'gemini-3-flash-preview'), ['sig', undefined]);
  t.deepEqual(signatures(signed(undefined), 'gemini-3-flash-preview'), ['skip_thought_signature_validator', undefined]);
  t.deepEqual(signatures(signed(undefined), 'gemini-2.5-pro'), [undefined, undefined]);
});

const choices: [string, object, unknown][] = [
  ['says nothing of a free choice', {}, undefined],
  ['none', { tool_choice: 'none' }, { mode: 'NONE' }],
  ['required', { tool_choice: 'required' }, { mode: 'ANY' }],
  [
    'a named one',
    { tool_choice: { type: 'function', function: { name: 'weather' } } },
    { mode: 'ANY', allowedFunctionNames: ['weather'] },
  ],
  ['strict ones', { tools: [{ type: 'function', function: { name: 'f', strict: true } }] }, { mode: 'VALIDATED' }],
];
for (const [what, fields, expected] of choices)
  test(`tool choice: ${what}`, (t) => {
    const { toolConfig } = translate({ tools: [weather], ...fields }) as {
      toolConfig?: { functionCallingConfig: object };
    };
    t.deepEqual(toolConfig?.functionCallingConfig, expected as never);
  });

test('declares tools by their JSON schema as it is', (t) => {
  t.deepEqual(translate({ tools: [weather, { type: 'function', function: { name: 'now' } }] })['tools'], [
    {
      functionDeclarations: [
        { name: 'weather', description: 'of a city', parametersJsonSchema: weather.function.parameters },
        { name: 'now' },
      ],
    },
  ]);
});

const schema = { type: 'object', properties: { a: { type: 'string', minLength: 1 } } };
const configs: [string, object, object][] = [
  ['a limit', { max_tokens: 5 }, { maxOutputTokens: 5 }],
  ['sampling', { temperature: 1.7, top_p: 0, top_k: 4 }, { temperature: 1.7, topP: 0, topK: 4 }],
  ['a seed of 64 bits', { seed: 4_294_967_297 }, { seed: 1 }],
  ['penalties', { presence_penalty: 0.5, frequency_penalty: 0 }, { presencePenalty: 0.5 }],
  ['stops', { stop: ['a', 'b'] }, { stopSequences: ['a', 'b'] }],
  ['several answers', { n: 3 }, { candidateCount: 3 }],
  ['one answer', { n: 1 }, {}],
  ['log probabilities', { logprobs: true, top_logprobs: 4 }, { responseLogprobs: true, logprobs: 4 }],
  ['JSON', { response_format: { type: 'json_object' } }, { responseMimeType: 'application/json' }],
  [
    'a schema',
    { response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } },
    { responseMimeType: 'application/json', responseJsonSchema: schema },
  ],
  ['plain text', { response_format: { type: 'text' } }, {}],
];
for (const [what, fields, expected] of configs)
  test(`config: ${what}`, (t) => {
    t.deepEqual(config(fields), expected as never);
  });

const efforts: [string, string, object | undefined][] = [
  ['gemini-2.5-flash', 'none', { thinkingBudget: 0 }],
  ['gemini-2.5-pro', 'none', { thinkingBudget: 128 }],
  ['gemini-2.5-flash', 'minimal', { thinkingBudget: 1024, includeThoughts: true }],
  ['gemini-2.5-flash', 'high', { thinkingBudget: 24_576, includeThoughts: true }],
  ['gemini-3-flash-preview', 'none', { thinkingLevel: 'MINIMAL' }],
  ['gemini-3.1-pro-preview', 'minimal', { thinkingLevel: 'LOW', includeThoughts: true }],
  ['gemini-3.8-flash', 'minimal', { thinkingLevel: 'LOW', includeThoughts: true }],
  ['gemini-3.8-flash-lite', 'minimal', { thinkingLevel: 'MINIMAL', includeThoughts: true }],
  ['gemini-flash-latest', 'xhigh', { thinkingLevel: 'HIGH', includeThoughts: true }],
  ['gemini-2.0-flash', 'high', undefined],
  ['gemma-3-27b-it', 'high', undefined],
];
for (const [model, reasoning_effort, expected] of efforts)
  test(`effort ${reasoning_effort} of ${model}`, (t) => {
    t.deepEqual(config({ reasoning_effort }, model)['thinkingConfig'], expected);
  });

test('takes Google’s own words for thinking first', (t) => {
  const extra_body = { google: { thinking_config: { thinking_budget: 7, include_thoughts: false } } };
  t.deepEqual(config({ reasoning_effort: 'high', extra_body })['thinkingConfig'], {
    includeThoughts: false,
    thinkingBudget: 7,
  });
});

const part = (one: object) => ({ messages: [{ role: 'user', content: [one] }] });
const image = (url: string) => part({ type: 'image_url', image_url: { url } });
const untranslatable: [string, object, string][] = [
  ['six stops', { stop: ['a', 'b', 'c', 'd', 'e', 'f'] }, 'stop'],
  ['a choice of nothing', { tool_choice: 'required' }, 'tool_choice'],
  ['nothing said', { messages: [{ role: 'user', content: '' }] }, 'messages'],
  ['an image that is none', image('ftp://x'), 'messages[0].content[0].image_url.url'],
  ['an address that is none', image('https://'), 'messages[0].content[0].image_url.url'],
  [
    'a file of our account',
    image('https://generativelanguage.googleapis.com/v1beta/files/abc'),
    'messages[0].content[0].image_url.url',
  ],
  ['a kept file', part({ type: 'file', file: { file_id: 'f' } }), 'messages[0].content[0].file'],
  [
    'a file by its link',
    part({ type: 'file', file: { file_data: 'https://x/y.pdf' } }),
    'messages[0].content[0].file.file_data',
  ],
  [
    'a result of no call',
    { messages: [hi, { role: 'tool', tool_call_id: 'x', content: '' }] },
    'messages[1].tool_call_id',
  ],
  [
    'arguments that are no object',
    { messages: [hi, { role: 'assistant', tool_calls: [call('a', '"x"')] }] },
    'messages[1].tool_calls[0].function.arguments',
  ],
  [
    'arguments cut short',
    { messages: [hi, { role: 'assistant', tool_calls: [call('a', '{"x')] }] },
    'messages[1].tool_calls[0].function.arguments',
  ],
];
for (const [what, body, param] of untranslatable)
  test(`has no words for ${what}`, (t) => {
    t.is(t.throws(() => translate(body), { instanceOf: Untranslatable })?.param, param);
  });
