import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { startGuideWorld } from '#test/support/guide-world.ts';
import { startLlmWorld } from '#test/support/llm-world.ts';
import { preparePython, runPython } from '#test/support/python.ts';
import { runSample, samplesOf } from '#test/support/samples.ts';
import { atEnd } from '#test/support/stack.ts';

const SCRIPT = fileURLToPath(new URL('openai_client.py', import.meta.url));
const python = await preparePython();

if ('missing' in python) {
  test.skip(`OpenAI’s Python client could not be installed here: ${python.missing}`, () => undefined);
} else {
  test('OpenAI’s Python client finds in the gateway what it relies on', async (t) => {
    const world = await startLlmWorld(atEnd(t), {}, { hasNoRates: true });
    const gateway = await world.startGateway();
    const tenant = await world.createTenant();
    const keyOf = async (input: Parameters<typeof world.createKey>[1]) => (await world.createKey(tenant, input)).secret;
    const spent = await keyOf({ limits: { messagesPerDay: 1 } });
    await gateway
      .client(spent)
      .chat.completions.create({ model: 'sandbox-small', messages: [{ role: 'user', content: 'x' }] });
    const printed = await runPython(python.path, [SCRIPT], {
      OPENAI_BASE_URL: gateway.url,
      OPENAI_API_KEY: await keyOf({ limits: { requestsPerMinute: 1000 } }),
      ONE_MODEL_KEY: await keyOf({ models: ['sandbox-small'] }),
      LISTING_KEY: await keyOf({ scopes: ['models'] }),
      SPENT_KEY: spent,
      CHAT_MODEL: 'sandbox-small',
      EMBEDDING_MODEL: 'sandbox-embedding',
    });
    const checks = [...readFileSync(SCRIPT, 'utf8').matchAll(/^def (check_\w+)/gm)].map(([, name]) => `ok ${name}`);
    t.true(checks.length > 10);
    t.deepEqual(printed.trim().split('\n'), checks);
  });

  test('the guide’s samples for Python do what they show', async (t) => {
    const env = await startGuideWorld(atEnd(t), ['openai', 'anthropic']);
    const samples = samplesOf('docs/llm-gateway.md', 'python');
    t.true(samples.length >= 6);
    for (const sample of samples) {
      const printed = await runSample(sample, { env, python: python.path });
      t.not(printed.trim(), '', `line ${sample.line}`);
    }
  });
}
