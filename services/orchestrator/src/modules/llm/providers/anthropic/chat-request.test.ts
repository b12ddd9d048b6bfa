import test from 'ava';
import { callOf, jsonOf } from '#test/support/dialects.ts';
import { Untranslatable } from '../provider.ts';
import { messagesBody } from './chat-request.ts';

const MODEL = 'claude-sonnet-4-5';
const hi = { role: 'user', content: 'hi' };
const HI = { role: 'user', content: [{ type: 'text', text: 'hi' }] };

const translate = (body: object, model = MODEL) =>
  jsonOf(messagesBody(callOf({ messages: [hi], ...body }, { model }))) as Record<string, unknown>;
const messages = (...list: object[]) => {
  const { system, messages } = translate({ messages: list });
  return { system, messages };
};
const weather = {
  type: 'function',
  function: {
    name: 'weather',
    description: 'of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
};
const call = (id: string, args = '{"city":"Oran"}') => ({
  id,
  type: 'function',
  function: { name: 'weather', arguments: args },
});

test('asks for the least that Anthropic wants', (t) => {
  t.deepEqual(translate({}), { model: MODEL, max_tokens: 16_000, messages: [HI] });
  t.deepEqual(translate({ stream: true, stream_options: { include_usage: true } }), {
    model: MODEL,
    max_tokens: 16_000,
    messages: [HI],
    stream: true,
  });
});

test('puts system and developer messages in front, wherever they stood', (t) => {
  t.deepEqual(
    messages({ role: 'system', content: 'a' }, hi, { role: 'developer', content: [{ type: 'text', text: 'b' }] }),
    {
      system: [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ],
      messages: [HI],
    },
  );
});

test('carries every kind of content', (t) => {
  const base64 = Buffer.from('hello').toString('base64');
  const content = [
    { type: 'text', text: 'look' },
    { type: 'text', text: '' },
    { type: 'image_url', image_url: { url: `data:image/png;base64,${base64}`, detail: 'low' } },
    { type: 'image_url', image_url: { url: `data:image/jpg;base64,${base64}` } },
    { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
    { type: 'file', file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${base64}` } },
    { type: 'file', file: { file_data: `data:text/plain;charset=utf-8;base64,${base64}` } },
  ];
  t.deepEqual(messages({ role: 'user', content }).messages, [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'look' },
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: base64 } },
        { type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: base64 } },
        { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
        { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: base64 }, title: 'a.pdf' },
        { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'hello' } },
      ],
    },
  ]);
});

test('makes one turn of what one side says in a row', (t) => {
  t.deepEqual(
    messages(
      hi,
      { role: 'user', content: 'there' },
      { role: 'assistant', content: 'yes' },
      { role: 'assistant', content: '?  ' },
    ).messages,
    [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'hi' },
          { type: 'text', text: 'there' },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'yes' },
          { type: 'text', text: '?' },
        ],
      },
    ],
  );
});

test('lets the user begin a conversation that the assistant opened', (t) => {
  const { messages: turns } = messages({ role: 'assistant', content: 'Welcome!' }, hi);
  t.like(turns, [{ role: 'user' }, { role: 'assistant', content: [{ type: 'text', text: 'Welcome!' }] }, HI]);
});

test('brings all results of tools in one turn, before what the user says', (t) => {
  const conversation = [
    hi,
    { role: 'assistant', content: null, tool_calls: [call('call:1'), call('b', '')] },
    { role: 'user', content: 'hurry' },
    { role: 'tool', tool_call_id: 'call:1', content: 'sunny' },
    {
      role: 'tool',
      tool_call_id: 'b',
      content: [
        { type: 'text', text: 'rain' },
        { type: 'image_url', image_url: { url: 'https://x/y.png' } },
      ],
    },
    { role: 'tool', tool_call_id: 'c', content: '' },
  ];
  t.deepEqual(messages(...conversation).messages, [
    HI,
    {
      role: 'assistant',
      content: [
        { type: 'tool_use', id: 'call_1', name: 'weather', input: { city: 'Oran' } },
        { type: 'tool_use', id: 'b', name: 'weather', input: {} },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'call_1', content: [{ type: 'text', text: 'sunny' }] },
        {
          type: 'tool_result',
          tool_use_id: 'b',
          content: [
            { type: 'text', text: 'rain' },
            { type: 'image', source: { type: 'url', url: 'https://x/y.png' } },
          ],
        },
        { type: 'tool_result', tool_use_id: 'c' },
        { type: 'text', text: 'hurry' },
      ],
    },
  ]);
});

test('gives thoughts back only with Anthropic’s signature, before everything else', (t) => {
  const assistant = {
    role: 'assistant',
    content: [
      { type: 'text', text: 'so' },
      { type: 'refusal', refusal: 'no' },
    ],
    thinking_blocks: [
      { type: 'thinking', thinking: 'hm', signature: 'sig' },
      { type: 'thinking', thinking: 'forged' },
      { type: 'redacted_thinking', data: 'xx' },
      { type: 'tool_use', id: 'smuggled' },
    ],
  };
  t.like(messages(hi, assistant).messages, [
    HI,
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'hm', signature: 'sig' },
        { type: 'redacted_thinking', data: 'xx' },
        { type: 'text', text: 'so' },
        { type: 'text', text: 'no' },
      ],
    },
  ]);
});

test('passes marks of the prompt cache on, five minutes long', (t) => {
  const mark = { cache_control: { type: 'ephemeral' } };
  const body = translate({
    messages: [
      { role: 'system', content: [{ type: 'text', text: 'a', ...mark }] },
      { role: 'user', content: [{ type: 'text', text: 'b', cache_control: { type: 'ephemeral', ttl: '5m' } }] },
    ],
    tools: [{ ...weather, ...mark }],
  });
  t.like(body, { system: [mark], messages: [{ content: [mark] }], tools: [mark] });
});

const choices: [string, object, unknown][] = [
  ['says nothing of a free choice', {}, undefined],
  ['auto, one at a time', { parallel_tool_calls: false }, { type: 'auto', disable_parallel_tool_use: true }],
  ['none', { tool_choice: 'none', parallel_tool_calls: false }, { type: 'none' }],
  ['required', { tool_choice: 'required' }, { type: 'any' }],
  [
    'a named one',
    { tool_choice: { type: 'function', function: { name: 'weather' } }, parallel_tool_calls: false },
    { type: 'tool', name: 'weather', disable_parallel_tool_use: true },
  ],
];
for (const [what, fields, expected] of choices)
  test(`tool choice: ${what}`, (t) => {
    t.deepEqual(translate({ tools: [weather], ...fields })['tool_choice'], expected);
  });

test('declares tools, strict ones with what the decoder can keep to', (t) => {
  const parameters = { type: 'object', properties: { n: { type: 'integer', minimum: 1 } }, required: ['n'] };
  const strict = { type: 'function', function: { name: 'count', parameters, strict: true } };
  t.deepEqual(translate({ tools: [weather, strict, { type: 'function', function: { name: 'now' } }] })['tools'], [
    { name: 'weather', description: 'of a city', input_schema: weather.function.parameters },
    {
      name: 'count',
      input_schema: {
        type: 'object',
        properties: { n: { type: 'integer', description: '{"minimum":1}' } },
        required: ['n'],
        additionalProperties: false,
      },
      strict: true,
    },
    { name: 'now', input_schema: { type: 'object', properties: {} } },
  ]);
});

test('names the tools that were used when none may be used any more', (t) => {
  const used = [hi, { role: 'assistant', tool_calls: [call('a')] }, { role: 'tool', tool_call_id: 'a', content: 'x' }];
  const body = translate({ messages: used });
  t.deepEqual(body['tools'], [{ name: 'weather', input_schema: { type: 'object' } }]);
  t.deepEqual(body['tool_choice'], { type: 'none' });
});

const fieldsOf: [string, object, object, string?][] = [
  ['the client’s limit', { max_tokens: 5 }, { max_tokens: 5 }],
  ['a limit that Claude 3 has', {}, { max_tokens: 4096 }, 'claude-3-haiku-20240307'],
  ['one stop', { stop: 'END' }, { stop_sequences: ['END'] }],
  ['stops, without what is only white space', { stop: ['a', '\n', 'b'] }, { stop_sequences: ['a', 'b'] }],
  ['temperatures above 1 as 1', { temperature: 1.7 }, { temperature: 1 }],
  ['temperature 0', { temperature: 0 }, { temperature: 0 }],
  ['of temperature and top_p the first', { temperature: 0.3, top_p: 0.5 }, { temperature: 0.3, top_p: undefined }],
  [
    'both where both are taken',
    { temperature: 0.3, top_p: 0.5 },
    { temperature: 0.3, top_p: 0.5 },
    'claude-3-5-sonnet-20241022',
  ],
  ['top_p and top_k', { top_p: 0.5, top_k: 9 }, { top_p: 0.5, top_k: 9 }],
  [
    'no sampling where it is refused',
    { temperature: 0.3, top_p: 0.5, top_k: 9 },
    { temperature: undefined, top_p: undefined, top_k: undefined },
    'claude-opus-4-8',
  ],
  ['who asks', { user: 'u1' }, { metadata: { user_id: 'u1' } }],
  ['who asks, by the newer name', { user: 'u1', safety_identifier: 's1' }, { metadata: { user_id: 's1' } }],
  ['nobody with a name too long', { user: 'u'.repeat(257) }, { metadata: undefined }],
  [
    'what is only OpenAI’s',
    { seed: 1, logit_bias: {}, presence_penalty: 1, service_tier: 'auto', store: true },
    { seed: undefined, service_tier: undefined, store: undefined },
  ],
  [
    'a schema',
    {
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object', properties: {} } } },
    },
    {
      output_config: {
        format: { type: 'json_schema', schema: { type: 'object', properties: {}, additionalProperties: false } },
      },
    },
  ],
  ['plain text', { response_format: { type: 'text' } }, { output_config: undefined }],
];
for (const [what, fields, expected, model] of fieldsOf)
  test(`fields: ${what}`, (t) => {
    const body = translate(fields, model);
    for (const [name, value] of Object.entries(expected)) t.deepEqual(body[name], value, name);
  });

const adaptive = { type: 'adaptive', display: 'summarized' };
const efforts: [string, string, object, object][] = [
  ['claude-sonnet-4-5', 'minimal', {}, { thinking: { type: 'enabled', budget_tokens: 1024 }, max_tokens: 17_024 }],
  [
    'claude-opus-4-1-20250805',
    'high',
    {},
    { thinking: { type: 'enabled', budget_tokens: 16_000 }, max_tokens: 32_000 },
  ],
  [
    'claude-3-7-sonnet-20250219',
    'medium',
    { max_tokens: 6000 },
    { thinking: { type: 'enabled', budget_tokens: 3000 }, max_tokens: 6000 },
  ],
  ['claude-sonnet-4-5', 'high', { max_tokens: 2000 }, { thinking: undefined, max_tokens: 2000 }],
  ['claude-sonnet-4-5', 'none', {}, { thinking: { type: 'disabled' } }],
  ['claude-3-5-haiku-20241022', 'high', {}, { thinking: undefined }],
  ['claude-sonnet-4-6', 'minimal', {}, { thinking: adaptive, output_config: { effort: 'low' } }],
  ['claude-sonnet-4-6', 'xhigh', {}, { thinking: adaptive, output_config: { effort: 'max' } }],
  ['claude-opus-4-8', 'xhigh', {}, { thinking: adaptive, output_config: { effort: 'xhigh' } }],
  ['claude-sonnet-5', 'none', {}, { thinking: { type: 'disabled' }, output_config: undefined }],
  ['claude-fable-5', 'none', {}, { thinking: undefined }],
  ['claude-of-tomorrow', 'medium', {}, { thinking: adaptive, output_config: { effort: 'medium' } }],
  ['claude-sonnet-4-5', 'high', { temperature: 0.2, top_p: 0.1 }, { temperature: undefined, top_p: undefined }],
  [
    'claude-sonnet-5',
    'high',
    { tools: [weather], tool_choice: 'required' },
    { thinking: { type: 'disabled' }, output_config: undefined },
  ],
  ['claude-sonnet-4-5', 'high', { tools: [weather], tool_choice: 'required' }, { thinking: undefined }],
  [
    'claude-sonnet-4-5',
    'low',
    { thinking: { type: 'enabled', budget_tokens: 5000 } },
    { thinking: { type: 'enabled', budget_tokens: 5000 }, max_tokens: 21_000 },
  ],
];
for (const [model, reasoning_effort, more, expected] of efforts)
  test(`effort ${reasoning_effort} of ${model} with ${JSON.stringify(more).slice(0, 60)}`, (t) => {
    const body = translate({ reasoning_effort, ...more }, model);
    for (const [name, value] of Object.entries(expected)) t.deepEqual(body[name], value, name);
  });

test('does not think on in the middle of using tools when its thoughts were lost', (t) => {
  const used = (more: object) => ({
    messages: [
      hi,
      { role: 'assistant', tool_calls: [call('a')], ...more },
      { role: 'tool', tool_call_id: 'a', content: 'x' },
    ],
    tools: [weather],
    reasoning_effort: 'high',
  });
  const blocks = { thinking_blocks: [{ type: 'thinking', thinking: 'hm', signature: 's' }] };
  t.is(translate(used({}))['thinking'], undefined);
  const silent = { role: 'assistant', content: '' };
  t.is(translate({ ...used({}), messages: [...used({}).messages, silent, hi] })['thinking'], undefined);
  t.like(translate(used(blocks))['thinking'], { type: 'enabled' });
  t.like(translate(used({}), 'claude-opus-5')['thinking'], { type: 'adaptive' });
});

const untranslatable: [object, string][] = [
  [{ n: 2 }, 'n'],
  [{ logprobs: true }, 'logprobs'],
  [{ top_logprobs: 3 }, 'logprobs'],
  [{ response_format: { type: 'json_object' } }, 'response_format'],
  [{ tool_choice: 'required' }, 'tool_choice'],
  [{ messages: [{ role: 'system', content: 'x' }] }, 'messages'],
  [{ messages: [{ role: 'user', content: '' }] }, 'messages'],
  [
    { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: { data: '', format: 'wav' } }] }] },
    'messages[0].content[0].type',
  ],
  [
    { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'ftp://x' } }] }] },
    'messages[0].content[0].image_url.url',
  ],
  [
    { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/tiff;base64,AA' } }] }] },
    'messages[0].content[0].image_url.url',
  ],
  [
    { messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'f' } }] }] },
    'messages[0].content[0].file',
  ],
  [
    {
      messages: [{ role: 'user', content: [{ type: 'file', file: { file_data: 'data:application/zip;base64,AA' } }] }],
    },
    'messages[0].content[0].file.file_data',
  ],
  [
    { messages: [hi, { role: 'assistant', tool_calls: [call('a', '{"a"')] }] },
    'messages[1].tool_calls[0].function.arguments',
  ],
  [
    { messages: [hi, { role: 'assistant', tool_calls: [call('a', '[1]')] }] },
    'messages[1].tool_calls[0].function.arguments',
  ],
  [
    {
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral', ttl: '1h' } }] },
      ],
    },
    'messages[0].content[0].cache_control.ttl',
  ],
];
for (const [body, param] of untranslatable)
  test(`has no words for ${param} of ${JSON.stringify(body).slice(-70)}`, (t) => {
    t.is(t.throws(() => translate(body), { instanceOf: Untranslatable })?.param, param);
  });
