import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { Redis } from 'ioredis';
import OpenAI from 'openai';
import { grant } from '#modules/catalogue/service.ts';
import { startPrivateRedis } from '#test/support/full-stack.ts';
import { FREE, PRO, hello, startLlmWorld, textOf } from '#test/support/llm-world.ts';
import { atEnd, eventually } from '#test/support/stack.ts';
import { startTcpProxy, targetOf, throughProxy } from '#test/support/tcp-proxy.ts';
import { forgetPrincipals } from '../keys/changes.ts';
import { revokeLlmKey } from '../keys/service.ts';
import { redisNames } from '../limits/names.ts';

const statusOf = (request: Promise<unknown>): Promise<number> =>
  request.then(
    () => 200,
    (error: unknown) => (error instanceof OpenAI.APIError ? Number(error.status) : 0),
  );

test('a revoked key is refused by every gateway within a second, even if Redis was not told', async (t) => {
  const world = await startLlmWorld(atEnd(t));
  const gateways = [await world.startGateway(), await world.startGateway()];
  const tenant = await world.createTenant();
  const deaf = new Redis({ port: 1, lazyConnect: true, enableOfflineQueue: false, retryStrategy: () => null });
  deaf.on('error', () => undefined);
  for (const redis of [tenant.redis, deaf]) {
    const [revoked, kept] = [await world.createKey(tenant), await world.createKey(tenant)];
    for (const gateway of gateways) t.is(await statusOf(gateway.client(revoked).chat.completions.create(hello)), 200);
    await revokeLlmKey({ ...tenant, redis }, revoked.id);
    const revokedAt = Date.now();
    if (redis !== deaf)
      for (const gateway of gateways)
        t.is(await statusOf(gateway.client(revoked).chat.completions.create(hello)), 401, 'at once');
    await sleep(Math.max(0, 1000 - (Date.now() - revokedAt)));
    for (const gateway of gateways) {
      t.is(await statusOf(gateway.client(revoked).chat.completions.create(hello)), 401);
      t.is(await statusOf(gateway.client(revoked).models.list()), 401);
      t.is(await statusOf(gateway.client(kept).chat.completions.create(hello)), 200);
    }
  }
});

test('another plan counts from the next request on', async (t) => {
  const world = await startLlmWorld(atEnd(t));
  const gateway = await world.startGateway();
  const tenant = await world.createTenant(FREE);
  const client = gateway.client(await world.createKey(tenant));
  for (let message = 0; message < 3; message += 1) t.is(await statusOf(client.chat.completions.create(hello)), 200);
  t.is(await statusOf(client.chat.completions.create(hello)), 429);
  await grant(tenant, { source: 'sub_more', planCode: PRO });
  await forgetPrincipals(tenant);
  t.is(await statusOf(client.chat.completions.create(hello)), 200);
});

/** What any connection of this process sends; so it must be alone. */
function countCommands(t: ExecutionContext): string[] {
  const commands: string[] = [];
  const prototype = Redis.prototype as unknown as {
    sendCommand: (command: { name: string; args: unknown[] }, ...rest: unknown[]) => unknown;
  };
  const { sendCommand } = prototype;
  prototype.sendCommand = function (command, ...rest) {
    // Each second every gateway looks at the breakers of all.
    if (!command.args.some((arg) => String(arg).endsWith(':llm:breakers'))) commands.push(command.name);
    return sendCommand.call(this, command, ...rest);
  };
  t.teardown(() => Object.assign(prototype, { sendCommand }));
  return commands;
}

test.serial('a warm key costs one round trip to Redis and no SQL before the provider is called', async (t) => {
  const world = await startLlmWorld(atEnd(t));
  // Without what goes on in the background, which is not part of any request.
  const quiet = { keeperTimes: { roundMs: 60_000 }, beatMs: 60_000, sweepMs: 60_000 };
  const gateway = await world.startGateway({}, quiet);
  const client = gateway.client(await world.createKey(await world.createTenant()));
  for (let message = 0; message < 3; message += 1) await client.chat.completions.create(hello);
  const { usage } = redisNames(gateway.ctx.config.REDIS_PREFIX);
  await eventually('them to be settled', async () => (await world.app.ctx.redis.xlen(usage)) === 3);
  const commands = countCommands(t);
  const statements: string[] = [];
  gateway.ctx.db.on('query', ({ sql }: { sql: string }) => {
    if (!sql.includes('changed_at') && !sql.includes('llm_routes')) statements.push(sql);
  });
  world.provider.faults.add({ target: 'llm', kind: 'stall_before', ms: 500, times: 1 });
  const answer = client.chat.completions.create(hello);
  await eventually('the provider to be called', () => Promise.resolve(world.provider.produced().length === 4));
  t.deepEqual(commands, ['evalsha']);
  await answer;
  await eventually('the settlement', () => Promise.resolve(commands.length >= 2));
  t.deepEqual(commands, ['evalsha', 'evalsha']);
  t.deepEqual(statements, []);
});

test('without Redis nothing is served and nobody waits; afterwards all is as before', async (t) => {
  const redisProxy = await startTcpProxy(targetOf(process.env['TEST_REDIS_URL'] ?? '', 6379));
  t.teardown(() => redisProxy.stop());
  const world = await startLlmWorld(atEnd(t));
  const env = { REDIS_URL: throughProxy(world.app.config.REDIS_URL, redisProxy) };
  const gateway = await world.startGateway(env);
  world.startConsumer();
  const client = gateway.client(await world.createKey(await world.createTenant()));
  world.provider.configure({ chunkDelayMs: 30, completionTokens: 40 });
  const underWay = await client.chat.completions.create({ ...hello, stream: true });
  await redisProxy.down();
  const startedAt = Date.now();
  const error = await t.throwsAsync(() => client.chat.completions.create(hello), {
    instanceOf: OpenAI.InternalServerError,
  });
  t.is(error instanceof OpenAI.APIError ? error.status : 0, 503);
  t.regex(error instanceof OpenAI.InternalServerError ? (error.headers.get('retry-after') ?? '') : '', /^\d+$/);
  t.true(Date.now() - startedAt < 2500);
  t.true((await textOf(underWay)).length > 0, 'what was let in is served to its end');
  t.is(world.provider.produced().length, 1);
  await redisProxy.up();
  await eventually('service again', async () => (await statusOf(client.chat.completions.create(hello))) === 200);
  const rows = await world.rowsWhen(2);
  t.deepEqual(
    rows.map((row) => row.completion_tokens),
    [40, 40],
  );
});

test('without the database a warm key works on, and its usage arrives when the database is back', async (t) => {
  const database = await startTcpProxy(targetOf(process.env['TEST_DATABASE_URL'] ?? '', 3306));
  t.teardown(() => database.stop());
  const world = await startLlmWorld(atEnd(t));
  const gateway = await world.startGateway({ DATABASE_URL: throughProxy(world.app.config.DATABASE_URL, database) });
  const tenant = await world.createTenant();
  const warm = gateway.client(await world.createKey(tenant));
  const cold = gateway.client(await world.createKey(tenant));
  t.is(await statusOf(warm.chat.completions.create(hello)), 200);
  await database.down();
  for (let message = 0; message < 5; message += 1) t.is(await statusOf(warm.chat.completions.create(hello)), 200);
  t.is(await statusOf(cold.chat.completions.create(hello)), 503);
  const health = await fetch(gateway.url.replace('/v1', '/readyz'));
  t.is(health.status, 200, 'it still takes requests');
  await database.up();
  world.startConsumer();
  await world.rowsWhen(6);
  await eventually('the cold key', async () => (await statusOf(cold.chat.completions.create(hello))) === 200);
  await world.rowsWhen(7);
});

test('a Redis that forgets everything gives nobody new messages', async (t) => {
  const redis = await startPrivateRedis(atEnd(t));
  const world = await startLlmWorld(atEnd(t), { REDIS_URL: redis.url });
  const gateway = await world.startGateway();
  world.startConsumer();
  const client = gateway.client(await world.createKey(await world.createTenant(FREE)));
  for (let message = 0; message < 2; message += 1) t.is(await statusOf(client.chat.completions.create(hello)), 200);
  await world.rowsWhen(2);
  await redis.wipe(100);
  await eventually('redis again', async () => (await statusOf(client.models.list())) === 200);
  const statuses = [];
  for (let message = 0; message < 4; message += 1) {
    const status = await statusOf(client.chat.completions.create(hello));
    if (status === 503) message -= 1;
    else statuses.push(status);
  }
  t.deepEqual(statuses, [200, 429, 429, 429]);
});

test('a gateway that is stopped ends its streams: in time by themselves, else with an error, and all are billed', async (t) => {
  const world = await startLlmWorld(atEnd(t));
  const gateway = await world.spawnGateway({ SHUTDOWN_TIMEOUT_MS: '5000' });
  world.startConsumer();
  const client = gateway.client(await world.createKey(await world.createTenant()));
  world.provider.configure({ chunkDelayMs: 20, completionTokens: 40 });
  const short = await client.chat.completions.create({ ...hello, stream: true });
  world.provider.configure({ chunkDelayMs: 100, completionTokens: 1000 });
  const long = await client.chat.completions.create({ ...hello, stream: true });
  const shortText = textOf(short);
  const longText = textOf(long);
  const stopped = gateway.process.kill('SIGTERM');
  t.true((await shortText).length > 0);
  const error = await t.throwsAsync(longText, { instanceOf: OpenAI.APIError });
  t.is(error instanceof OpenAI.APIError ? error.code : undefined, 'gateway_restarting');
  await stopped;
  t.is(gateway.process.child.exitCode, 0);
  const rows = await world.rowsWhen(2);
  t.deepEqual(
    rows.map((row) => row.outcome),
    ['completed', 'cut'],
  );
  const made = world.provider.produced()[1]?.completionTokens ?? 0;
  t.true(made - (rows[1]?.completion_tokens ?? 0) <= 1);
});
