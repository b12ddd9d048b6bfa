import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { createParser } from 'eventsource-parser';
import { z } from 'zod';
import { identityRoutes } from '#modules/identity/routes.ts';
import { startTestApi } from '#test/support/api.ts';
import type { Caller } from '#test/support/matrix.ts';
import { addMember, createApiKeyCaller, createOwner } from '#test/support/people.ts';
import { atEnd, createTestApp } from '#test/support/stack.ts';
import { startTestWorker } from '#test/support/worker.ts';
import { withTenant } from '../context.ts';
import { LiveListener } from '../live/listen.ts';
import { operationsHandler } from './advance.ts';
import { anyOperation, defineOperation } from './define.ts';
import { operationRoutes } from './routes.ts';
import type { OperationSnapshot } from './service.ts';
import { startOperation } from './store.ts';

test('the dashboard follows an operation live, to its end; nobody else’s', async (t) => {
  const app = await createTestApp(atEnd(t));
  const definition = defineOperation<Record<string, never>>()({
    kind: 'test.live',
    input: z.object({}),
    steps: [
      {
        name: 'build',
        run: (_ctx, { startedAt }) => {
          const ageMs = Date.now() - startedAt.getTime();
          const progress = Math.min(99, Math.floor(ageMs / 25));
          return Promise.resolve(ageMs > 2500 ? { done: true } : { again: 100, progress, output: `at ${progress}` });
        },
      },
    ],
  });
  const definitions = [anyOperation(definition)];
  const live = LiveListener.start(app.ctx.redis, app.config.REDIS_PREFIX, app.ctx.log);
  t.teardown(() => live.stop());
  const api = await startTestApi(app, operationRoutes(definitions, live));
  const [owner, stranger] = [await createOwner(app), await createOwner(app)];
  const ctx = withTenant(app.ctx, owner.tenantId);
  const operationId = await startOperation(ctx, definition, { key: 'k', subjectId: null, input: {} });

  const url = `${api.url}/v1/operations/${operationId}/events`;
  t.is((await fetch(url, { headers: stranger.headers })).status, 404);
  const response = await fetch(url, { headers: owner.headers });
  t.is(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  const seen: { at: number; operation: OperationSnapshot }[] = [];
  const parser = createParser({
    onEvent: ({ event, data }) => {
      t.is(event, 'operation');
      seen.push({ at: Date.now(), operation: JSON.parse(data) as OperationSnapshot });
    },
  });
  const reading = (async () => {
    for await (const chunk of response.body ?? []) parser.feed(Buffer.from(chunk as Uint8Array).toString());
  })();
  await sleep(200);
  startTestWorker(app, { handlers: [operationsHandler(definitions)] });
  await reading;

  t.is(seen[0]?.operation.steps[0]?.state, 'pending', 'what is already there comes first');
  const progress = seen.map(({ operation }) => operation.steps[0]?.progress ?? 0);
  t.deepEqual(
    progress,
    [...progress].sort((a, b) => a - b),
  );
  t.true(new Set(progress).size >= 3, progress.join(' '));
  t.is(seen.at(-1)?.operation.state, 'succeeded');
  t.is(new Set(seen.map(({ operation }) => JSON.stringify(operation))).size, seen.length, 'nothing is said twice');

  const late = await fetch(url, { headers: owner.headers });
  t.regex(
    await late.text(),
    /^: connected\n\nevent: operation\ndata: \{.*"state":"succeeded"/,
    'an ended one is told once',
  );
});

test('nothing more is told to who signed out, was removed, or whose key was revoked', async (t) => {
  const app = await createTestApp(atEnd(t));
  const definition = defineOperation<Record<string, never>>()({
    kind: 'test.endless',
    input: z.object({}),
    steps: [{ name: 'wait', run: () => Promise.resolve({ again: 60_000 }) }],
  });
  const live = LiveListener.start(app.ctx.redis, app.config.REDIS_PREFIX, app.ctx.log);
  t.teardown(() => live.stop());
  const api = await startTestApi(app, [...identityRoutes, ...operationRoutes([anyOperation(definition)], live)]);
  const owner = await createOwner(app);
  const ctx = withTenant(app.ctx, owner.tenantId);
  const operationId = await startOperation(ctx, definition, { key: 'k', subjectId: null, input: {} });
  const gone = new AbortController();
  t.teardown(async () => {
    gone.abort();
    await sleep(100);
  });
  const watch = async ({ headers }: Caller) => {
    const response = await fetch(`${api.url}/v1/operations/${operationId}/events`, { headers, signal: gone.signal });
    let text = '';
    let hasEnded = false;
    const read = async () => {
      for await (const chunk of response.body ?? []) text += Buffer.from(chunk as Uint8Array).toString();
      hasEnded = true;
    };
    read().catch(() => undefined);
    return { hasEnded: () => hasEnded, text: () => text };
  };
  const [leaver, removed] = [
    await addMember(app, owner.tenantId, 'viewer'),
    await addMember(app, owner.tenantId, 'viewer'),
  ];
  const key = await createApiKeyCaller(app, owner.tenantId, ['operations:read']);
  const streams = await Promise.all([leaver, removed, key].map(watch));
  const stays = await watch(owner);

  await api.request('post', '/auth/logout', leaver);
  await app.ctx.db('members').where({ user_id: removed.userId }).delete();
  await api.request('delete', '/v1/api-keys/:apiKeyId', owner, { params: { apiKeyId: key.userId } });
  await app.ctx.db('operations').where({ id: operationId }).update({ error_message: 'secret', error_code: 'x' });
  await sleep(3500);
  t.deepEqual(
    streams.map((stream) => stream.hasEnded()),
    [true, true, true],
  );
  t.false(streams.some((stream) => stream.text().includes('secret')));
  t.false(stays.hasEnded());
  t.true(stays.text().includes('secret'), 'who may still see it is told');
});
