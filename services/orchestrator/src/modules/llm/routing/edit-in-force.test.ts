import test from 'ava';
import { type TestGateway, hello, startLlmWorld } from '#test/support/llm-world.ts';
import { atEnd } from '#test/support/stack.ts';
import { shippedRoutes } from './revisions.ts';
import { replaceRoutes, revertRoutes } from './service.ts';

test('the first request after an edit is routed by it, in every process', async (t) => {
  const world = await startLlmWorld(atEnd(t), {}, { providers: ['groq', 'openrouter'], hasNoRates: true });
  const [here, elsewhere] = [await world.startGateway(), await world.spawnGateway()];
  const key = await world.createKey(await world.createTenant());
  const served = async ({ client }: Pick<TestGateway, 'client'>) => {
    const { response } = await client(key)
      .chat.completions.create({ ...hello, model: 'llama-3.3-70b' })
      .withResponse();
    return response.headers.get('x-gateway-provider');
  };
  const servedBoth = () => Promise.all([served(here), served(elsewhere)]);
  t.deepEqual(await servedBoth(), ['openrouter', 'openrouter']);

  const document = structuredClone(shippedRoutes());
  for (const route of document.tiers['pro']?.routes ?? []) route.weight = route.provider === 'groq' ? 1 : 0;
  for (let version = 0; version < 10; version += 2) {
    await replaceRoutes(world.app.ctx, { version, document });
    t.deepEqual(await servedBoth(), ['groq', 'groq']);
    await revertRoutes(world.app.ctx, { version: version + 1, to: 0 });
    t.deepEqual(await servedBoth(), ['openrouter', 'openrouter']);
  }
});
