import test from 'ava';
import fc from 'fast-check';
import { bodyOf as requestBody } from '#test/support/dialects.ts';
import { type UpstreamCall, Untranslatable } from '../provider.ts';
import { type BodyRules, bodyOf } from './body.ts';

const call = (json: string | Buffer, model = 'upstream/model'): UpstreamCall => {
  const body = requestBody(json);
  return { requestId: 'req_1', surface: 'chat', model, body, isStream: body.fields['stream'] === true };
};
const parse = (json: string) => JSON.parse(json) as Record<string, unknown>;
const sent = (json: string | Buffer, rules: BodyRules = {}, model?: string): string =>
  bodyOf(call(json, model), rules).toString();

test('the client’s own bytes go on, but for the model’s name', (t) => {
  const odd =
    '{ "model" :\t"alias" ,\n "messages":[{"role":"user","content":"1.0 → 1.0e0 \\u00e9 \\u0007"}],"big":12345678901234567890 }';
  t.is(sent(odd), odd.replace('"alias"', '"upstream/model"'));
  t.is(sent('{"messages":[],"model":"a\\"b\\\\"}'), '{"messages":[],"model":"upstream/model"}');
});

test('nothing to change is nothing to copy', (t) => {
  const asked = call('{"model":"same","messages":[]}', 'same');
  t.is(bodyOf(asked, {}), asked.body.bytes);
});

test('what is added stands at the end, whatever is around it', (t) => {
  const rules = { sets: { stream_options: { include_usage: true } } };
  t.is(
    sent('{"model":"m","stream":true}\n ', rules, 'm'),
    '{"model":"m","stream":true,"stream_options":{"include_usage":true}}\n ',
  );
});

/** What another parser could read in another way than ours did: only what was parsed may be sent. */
const TWO_READINGS: Record<string, string> = {
  'the model twice': '{"model":"dear","messages":[],"model":"allowed"}',
  'the model escaped': String.raw`{"\u006dodel":"dear","messages":[],"model":"allowed"}`,
  'the model escaped within': String.raw`{"mod\u0065l":"dear","messages":[],"model":"allowed"}`,
  'the model escaped, alone': String.raw`{"messages":[],"mode\u006C":"allowed"}`,
  'the model in capitals, as Go reads it': '{"model":"allowed","messages":[],"Model":"dear"}',
  'the model after a nested one': '{"messages":[],"x":{"model":"dear"},"model":"allowed"}',
  'what is refused, twice': '{"model":"allowed","messages":[],"service_tier":"dear","service_tier":"auto"}',
  'what is refused, in capitals': '{"model":"allowed","messages":[],"Service_Tier":"dear"}',
  'other models, twice': '{"model":"allowed","messages":[],"models":["dear"],"models":null}',
  'invalid UTF-8': '{"model":"allowed","messages":[],"x":"\xff"}',
};
for (const [what, json] of Object.entries(TWO_READINGS))
  test(`the allow-list holds for ${what}`, (t) => {
    const bytes = Buffer.from(json, 'latin1');
    t.is(parse(bytes.toString('utf8'))['model'], 'allowed');
    const result = sent(bytes);
    t.false(result.includes('allowed'));
    const keys = Object.keys(parse(result)).filter((key) => /^model$/i.test(key));
    t.deepEqual(keys, ['model']);
    t.is(result.split('"model":"upstream/model"').length, 2);
  });

test('so do limits: of two equal keys the one that was read is sent', (t) => {
  for (const key of ['stream', 'max_tokens', 'max_completion_tokens', 'max_output_tokens', 'n', 'stream_options']) {
    const first = sent(`{"${key}":1,"model":"a","messages":[],"${key}":2}`);
    t.is(parse(first)[key], 2);
    t.is(first.split(`"${key}"`).length, 2);
    const spelled = `{"${key.slice(0, -1)}\\u00${key.charCodeAt(key.length - 1).toString(16)}":1,"model":"a","${key}":2}`;
    t.is(sent(spelled).split(`"${key}"`).length, 2, spelled);
  }
  t.false('Max_Tokens' in parse(sent('{"model":"a","max_tokens":1,"Max_Tokens":9000}')));
  t.false('ſtream' in parse(sent('{"model":"a","ſtream":true}')), 'a long s is an s to Go');
});

test('what only looks like a key stays as it is', (t) => {
  const json = String.raw`{"model":"alias","messages":[{"role":"user","content":"{\"model\": \"x\"} \\\"n\\\": \u006dodel"}],"tools":[{"type":"model"}]}`;
  t.is(sent(json), json.replace('"alias"', '"upstream/model"'));
});

test('fields are dropped, renamed and refused by rule', (t) => {
  const rules: BodyRules = {
    drops: ['user'],
    renames: { max_completion_tokens: 'max_tokens' },
    refuses: { models: 'One model.' },
  };
  t.deepEqual(parse(sent('{"model":"a","user":"u","max_completion_tokens":5,"x":1}', rules)), {
    model: 'upstream/model',
    max_tokens: 5,
    x: 1,
  });
  t.is(parse(sent('{"model":"a","max_tokens":7,"max_completion_tokens":5}', rules))['max_tokens'], 7);
  t.false('max_tokens' in parse(sent('{"model":"a","max_completion_tokens":null}', rules)));
  const error = t.throws(() => sent('{"model":"a","models":["b"]}', rules), { instanceOf: Untranslatable });
  t.is(error.param, 'models');
  t.notThrows(() => sent('{"model":"a","models":null}', rules));
});

const LOOKALIKE = /^(?:model|stream|stream_options|n|max_(?:completion_|output_)?tokens)$/i;
const key = fc.oneof(fc.constantFrom('model', 'stream', 'n', 'stream_options', 'Model', 'max_tokens'), fc.string());
test('whatever the body, what arrives is what was read with the model replaced', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(key, fc.jsonValue()), { maxLength: 8 }),
      fc.string({ minLength: 1 }),
      fc.boolean(),
      fc.nat(8),
      (fields, alias, isAdding, at) => {
        const pairs = fields.filter(([name]) => name !== '__proto__');
        pairs.splice(Math.min(at, pairs.length), 0, ['model', 'asked']);
        if (pairs.findLast(([name]) => name === 'model')?.[1] !== 'asked') pairs.push(['model', 'asked']);
        const json = `{${pairs.map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`).join(' ,')}}`;
        const sets = isAdding ? { stream_options: { include_usage: true } } : {};
        const expected: Record<string, unknown> = { ...parse(json), model: alias, ...sets };
        for (const name of Object.keys(expected))
          if (LOOKALIKE.test(name) && name !== name.toLowerCase()) Reflect.deleteProperty(expected, name);
        t.deepEqual(parse(sent(json, { sets }, alias)), expected);
      },
    ),
  );
});

test('a prompt is not written again, however long it is', (t) => {
  const text = 'The quick brown "fox" says \\ and goes on about models, n and streams.\n'.repeat(1500);
  const asked = call(JSON.stringify({ model: 'alias', messages: [{ role: 'user', content: text }], stream: true }));
  const body = { ...asked.body, read: () => t.fail('the prompt was read') };
  const result = bodyOf({ ...asked, body }, { sets: { stream_options: { include_usage: true } } }).toString();
  t.is(
    result.length,
    asked.body.bytes.length +
      'upstream/model'.length -
      'alias'.length +
      ',"stream_options":{"include_usage":true}'.length,
  );
});
