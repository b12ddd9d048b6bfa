import test from 'ava';
import { WHOLE } from '../body/texts.ts';
import { estimatePrompt } from './estimate.ts';

const LONG = 'x'.repeat(4000);
const PART = 1000;

const says = (content: unknown) => estimatePrompt({ fields: { messages: [{ role: 'user', content }] }, texts: WHOLE });
const EMPTY = says([]);

const PARTS: Readonly<Record<string, object>> = {
  'a text': { type: 'text', text: LONG },
  'a result of a tool': { type: 'tool_result', tool_use_id: 'a', content: LONG },
  'a result of a tool, in parts': { type: 'tool_result', content: [{ type: 'text', text: LONG }] },
  'a call of a tool': { type: 'tool_use', input: LONG.slice(2) },
  'a thought': { type: 'thinking', thinking: LONG },
  'a document that is text': { type: 'document', source: { type: 'text', data: LONG } },
  'a document in parts': { type: 'document', source: { type: 'content', content: [{ type: 'text', text: LONG }] } },
};
for (const [what, part] of Object.entries(PARTS))
  test(`${what} is counted: what is not reserved could overrun a budget`, (t) => t.is(says([part]) - EMPTY, PART));

test('a file has some tokens, and an image does not have those of its bytes', (t) => {
  const data = 'A'.repeat(66_000);
  for (const part of [
    { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data } },
    { type: 'file', file: { file_data: data } },
    { type: 'input_file', file_data: data },
  ])
    t.is(says([part]) - EMPTY, 2750);
  for (const part of [
    { type: 'image', source: { type: 'base64', data } },
    { type: 'image_url', image_url: { url: data } },
  ])
    t.is(says([part]) - EMPTY, 85);
});

test('whatever a part is, it has a number of tokens', (t) => {
  for (const part of [
    null,
    1,
    'x',
    [],
    {},
    { content: {} },
    { source: null },
    { source: 'x' },
    { file: 1 },
    { text: 1 },
  ])
    t.is(says([part]), EMPTY);
});
