import test from 'ava';
import OpenAI from 'openai';
import { hello, startLlmWorld } from '#test/support/llm-world.ts';
import { atEnd } from '#test/support/stack.ts';

const REQUESTS = 200;
const ALLOWED = 50;
const ask = { ...hello, max_tokens: 24 };

for (const [whose, limitsOf] of [
  ['a key', (nanoUsd: number) => ({ limits: { budget: { nanoUsd, period: 'day' as const } } })],
  ['a key’s month', (nanoUsd: number) => ({ limits: { budget: { nanoUsd, period: 'month' as const } } })],
] as const)
  test(`of ${REQUESTS} requests at once, ${whose} with a budget for ${ALLOWED} pays for ${ALLOWED}`, async (t) => {
    const world = await startLlmWorld(atEnd(t));
    const gateways = [await world.startGateway(), await world.startGateway()] as const;
    world.startConsumer();
    world.provider.configure({ completionTokens: 24, chunkDelayMs: 1 });
    const tenant = await world.createTenant();
    await gateways[0].client(await world.createKey(tenant)).chat.completions.create(ask);
    const [{ cost_nano_usd: cost } = { cost_nano_usd: 0 }] = await world.rowsWhen(1);
    t.true(cost > 0);

    const key = await world.createKey(tenant, limitsOf(ALLOWED * Number(cost)));
    const clients = gateways.map((gateway) => gateway.client(key));
    const outcomes = await Promise.all(
      Array.from({ length: REQUESTS }, (_, at) =>
        clients[at % 2]!.chat.completions.create(ask).then(
          () => 'served',
          (error: unknown) => error,
        ),
      ),
    );
    t.is(outcomes.filter((outcome) => outcome === 'served').length, ALLOWED);
    const refused = outcomes.find((outcome) => outcome !== 'served');
    t.true(refused instanceof OpenAI.RateLimitError);
    if (refused instanceof OpenAI.RateLimitError) {
      t.is(refused.code, 'insufficient_quota');
      t.is(refused.headers.get('x-should-retry'), 'false');
      t.regex(refused.message, /budget of this key/);
    }
    const rows = (await world.rowsWhen(1 + ALLOWED)).filter((row) => row.key_id === key.id);
    t.is(
      rows.reduce((sum, row) => sum + Number(row.cost_nano_usd), 0),
      ALLOWED * Number(cost),
    );
  });
