import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import test, { type ExecutionContext } from 'ava';
import { pino } from 'pino';
import { z } from 'zod';
import { atEnd, createTestApp } from '#test/support/stack.ts';
import { type Context, withTenant } from './context.ts';
import type { Gatekeeper } from './http/gatekeeper.ts';
import { type Route, route } from './http/route.ts';
import { createHttpHandler } from './http/server.ts';
import { insertOutboxRow } from './jobs/enqueue.ts';
import { defineJob, defineSchedule, on } from './jobs/define.ts';
import { JobRunner } from './jobs/run.ts';
import { runDueSchedules } from './jobs/schedules.ts';

type Line = Record<string, unknown> & { msg: string };

async function loggingApp(t: ExecutionContext) {
  const app = await createTestApp(atEnd(t));
  const lines: Line[] = [];
  const written = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Line);
      done();
    },
  });
  const ctx: Context = { ...app.ctx, log: pino({ level: 'debug' }, written) };
  return { ctx, lines, stopping: app.lifecycle.stopping };
}

const member: Gatekeeper = {
  authenticate: () =>
    Promise.resolve({ type: 'apiKey', id: 'key_1', name: 'k', tenantId: 'ten_a', scopes: new Set(['things:read']) }),
  enterTenant: (ctx) => Promise.resolve({ tenantId: 'ten_a', actor: ctx.actor }),
};

const things: Route[] = [
  route({
    method: 'get',
    path: '/v1/things/:id',
    access: 'tenant',
    scope: 'things:read',
    tag: 'Things',
    summary: 'Fails',
    params: z.object({ id: z.string() }),
    response: { status: 200, schema: z.object({}) },
    handle: () => Promise.reject(new Error('broken')),
  }),
];

test('a request’s lines name request, tenant, actor and route, also when it fails', async (t) => {
  const { ctx, lines, stopping } = await loggingApp(t);
  const server = createServer(createHttpHandler(ctx, { routes: things, gatekeeper: member, stopping }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  await fetch(`http://127.0.0.1:${port}/v1/things/7?token=hidden`, { headers: { 'x-request-id': 'req_12345678' } });
  const about = { requestId: 'req_12345678', tenantId: 'ten_a', actor: 'key_1' };
  const failure = lines.find(({ level }) => level === 50);
  t.like(failure, about);
  t.like(
    lines.find(({ msg }) => msg === 'request'),
    { ...about, route: '/v1/things/:id', status: 500 },
  );
  t.false(JSON.stringify(lines).includes('hidden'));
});

test('a job’s lines name its tenant and the request that caused it; a schedule’s have an id of their own', async (t) => {
  const { ctx, lines } = await loggingApp(t);
  const job = defineJob({ name: 'test.speak', schema: z.object({}), key: () => 'once', attempts: 1 });
  const speak = on(job, (ctx) => Promise.resolve(ctx.log.info('spoken')));
  const cause = { ...withTenant(ctx, 'ten_b'), requestId: 'req_cause' };
  await insertOutboxRow(cause, { job: job.name, key: 'once', data: '{}', maxAttempts: 1, delayMs: 0 });
  await ctx.db('outbox').update({ state: 'sent', dispatches: 1 });
  const { id } = await ctx.db('outbox').first<{ id: number }>('id');
  await new JobRunner([speak], 'wrk_1').run(ctx, { id, dispatch: 1 });
  t.like(
    lines.find(({ msg }) => msg === 'spoken'),
    { job: 'test.speak', tenantId: 'ten_b', requestId: 'req_cause' },
  );

  const schedule = defineSchedule({
    name: 'test.tick',
    everyMs: () => 1,
    run: (ctx) => Promise.resolve(ctx.log.info({ same: ctx.requestId }, 'ticked')),
  });
  await runDueSchedules(ctx, [schedule]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await runDueSchedules(ctx, [schedule]);
  const tick = lines.find(({ msg }) => msg === 'ticked');
  t.is(tick?.['schedule'], 'test.tick');
  t.is(tick?.['requestId'], tick?.['same']);
});

test('whoever works for a tenant says so, once', async (t) => {
  const { ctx, lines } = await loggingApp(t);
  withTenant(withTenant(ctx, 'ten_c'), 'ten_c').log.info('working');
  t.is(lines.find(({ msg }) => msg === 'working')?.['tenantId'], 'ten_c');
});
