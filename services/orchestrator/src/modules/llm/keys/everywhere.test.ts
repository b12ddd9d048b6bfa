import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { Redis } from 'ioredis';
import OpenAI from 'openai';
import { MODEL, type TestGateway, hello, startLlmWorld } from '#test/support/llm-world.ts';
import { atEnd } from '#test/support/stack.ts';
import { rotateLlmKey, updateLlmKey } from './service.ts';

/** Another gateway must have heard of a change by then. */
const EVERYWHERE_MS = 1000;

const statusOf = (request: Promise<unknown>): Promise<number> =>
  request.then(
    () => 200,
    (error: unknown) => (error instanceof OpenAI.APIError ? Number(error.status) : 0),
  );

async function startTwo(t: Parameters<typeof atEnd>[0]) {
  const world = await startLlmWorld(atEnd(t));
  const gateways = [await world.startGateway(), await world.startGateway()];
  const tenant = await world.createTenant();
  const ask = (ask: (client: OpenAI, gateway: TestGateway) => Promise<unknown>, secret: string) =>
    Promise.all(gateways.map((gateway) => statusOf(ask(gateway.client(secret), gateway))));
  const chat = (secret: string) => ask((client) => client.chat.completions.create(hello), secret);
  return { world, tenant, ask, chat };
}

test('a replaced secret works until its end at every gateway, and no longer', async (t) => {
  const { world, tenant, chat } = await startTwo(t);
  const key = await world.createKey(tenant);
  t.deepEqual(await chat(key.secret), [200, 200]);
  const rotatedAt = Date.now();
  const { secret } = await rotateLlmKey(tenant, key.id, { overlapSeconds: 4 });
  t.deepEqual(await chat(secret), [200, 200]);
  t.deepEqual(await chat(key.secret), [200, 200], 'remembered with its end');
  await sleep(Math.max(0, rotatedAt + 4000 + EVERYWHERE_MS - Date.now()));
  t.deepEqual(await chat(key.secret), [401, 401], 'ended by itself: nobody told them');
  t.deepEqual(await chat(secret), [200, 200]);
});

test('a rotation without overlap, and any change, hold everywhere within a second, even if Redis was not told', async (t) => {
  const { world, tenant, chat, ask } = await startTwo(t);
  const deaf = new Redis({ port: 1, lazyConnect: true, enableOfflineQueue: false, retryStrategy: () => null });
  deaf.on('error', () => undefined);
  for (const redis of [tenant.redis, deaf]) {
    const ctx = { ...tenant, redis };
    const key = await world.createKey(tenant);
    t.deepEqual(await chat(key.secret), [200, 200]);
    const { secret } = await rotateLlmKey(ctx, key.id, { overlapSeconds: 0 });
    await sleep(EVERYWHERE_MS);
    t.deepEqual(await chat(key.secret), [401, 401]);
    t.deepEqual(await chat(secret), [200, 200]);

    await updateLlmKey(ctx, key.id, { scopes: ['models'] });
    await sleep(EVERYWHERE_MS);
    t.deepEqual(await chat(secret), [403, 403]);
    t.deepEqual(await ask((client) => client.models.list(), secret), [200, 200]);
    await updateLlmKey(ctx, key.id, { scopes: ['chat'], models: ['another'] });
    await sleep(EVERYWHERE_MS);
    t.deepEqual(await chat(secret), [404, 404]);
    await updateLlmKey(ctx, key.id, { models: [MODEL], limits: { messagesPerDay: 1 } });
    await sleep(EVERYWHERE_MS);
    t.true((await chat(secret)).includes(429), 'both gateways count together');
    await updateLlmKey(ctx, key.id, { limits: { messagesPerDay: null } });
    await sleep(EVERYWHERE_MS);
    t.deepEqual(await chat(secret), [200, 200]);
  }
});
