import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { z } from 'zod';
import { Clock } from '../kernel/clock.ts';
import { Faults } from '../kernel/faults.ts';
import { RequestLog } from '../kernel/request-log.ts';
import type { Controllable } from '../kernel/stand-in.ts';
import { Mailbox } from '../smtp/mailbox.ts';
import { createControl } from './control.ts';

async function control(t: ExecutionContext) {
  const world = { clock: new Clock(), faults: new Faults(), log: new RequestLog() };
  const mails = new Mailbox();
  const paid: string[] = [];
  const till: Controllable = {
    name: 'till',
    state: () => ({ paid }),
    reset: () => void (paid.length = 0),
    actions: {
      pay: (input: Record<string, unknown>) => {
        paid.push(z.object({ id: z.string() }).parse(input).id);
        return { count: paid.length };
      },
      explode: () => Promise.reject(new Error('No such payment.')),
    },
  };
  const server = createServer(createControl({ world, mails, standIns: { till }, urls: { till: 'http://till' } }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(url + path, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: (text.startsWith('{') ? JSON.parse(text) : text) as Record<string, unknown>,
    };
  };
  const receive = (to: string) =>
    mails.receive(Buffer.from(`Subject: Hi ${to}\r\n\r\nText`), { from: 'a@b.test', to: [to] }, world.clock.now());
  return { world, paid, call, receive, url };
}

test('adds, lists and removes faults, and names what is wrong with one', async (t) => {
  const { call, world } = await control(t);
  const added = await call('POST', '/api/faults', { target: 'llm', kind: 'stream_cut', chunks: 4, times: 2 });
  t.is(added.status, 201);
  t.like(added.body, { target: 'llm', kind: 'stream_cut', chunks: 4, times: 2, probability: 1 });
  t.is((await call('POST', '/api/faults', { target: 'smtp', kind: 'hang' })).status, 201);
  t.is((await call('DELETE', `/api/faults/${String(added.body.id)}`)).status, 204);
  t.like((await call('GET', '/api/faults')).body, { items: [{ target: 'smtp' }] });
  await call('DELETE', '/api/faults');
  t.deepEqual(world.faults.list(), []);
  const wrong = await call('POST', '/api/faults', { target: 'llm', kind: 'status', path: '(', milliseconds: 3 });
  t.is(wrong.status, 400);
  t.like(wrong.body, { error: { issues: { length: 2 } } });
});

test('moves the clock forward and lets everyone do what was due', async (t) => {
  const { call, world } = await control(t);
  let heard: Date | undefined;
  world.clock.onAdvance((now) => void (heard = now));
  const before = Date.parse(String((await call('GET', '/api/clock')).body.now));
  const { body } = await call('POST', '/api/clock/advance', { ms: 86_400_000 });
  t.true(Date.parse(String(body.now)) - before >= 86_400_000);
  t.true((heard?.getTime() ?? 0) - before >= 86_400_000);
  t.is((await call('POST', '/api/clock/advance', { ms: -1 })).status, 400);
});

test('lists mails by recipient, shows one, deletes all', async (t) => {
  const { call, receive } = await control(t);
  const mail = await receive('owner@example.test');
  await receive('other@example.test');
  t.like((await call('GET', '/api/mails?to=owner@example.test')).body, { items: { length: 1 } });
  t.like((await call('GET', `/api/mails/${mail.id}`)).body, { subject: 'Hi owner@example.test' });
  t.is((await call('GET', '/api/mails/none')).status, 404);
  await call('DELETE', '/api/mails');
  t.deepEqual((await call('GET', '/api/mails')).body, { items: [] });
});

test('runs an action of a stand-in and hands back what it says', async (t) => {
  const { call } = await control(t);
  t.deepEqual(await call('POST', '/api/till/actions/pay', { id: 'p1' }), { status: 200, body: { count: 1 } });
  t.like(await call('POST', '/api/till/actions/pay', {}), {
    status: 400,
    body: { error: { issues: [{ path: 'id' }] } },
  });
  t.like(await call('POST', '/api/till/actions/explode'), {
    status: 400,
    body: { error: { message: 'No such payment.' } },
  });
  t.is((await call('POST', '/api/till/actions/none')).status, 404);
  t.is((await call('POST', '/api/nobody/actions/pay')).status, 404);
});

test('shows the state of all or of some, and the last requests of one', async (t) => {
  const { call, world } = await control(t);
  for (const standIn of ['till', 'other']) {
    world.log.record({ at: '2026-01-01T00:00:00Z', standIn, direction: 'in', method: 'GET', path: '/', status: 200 });
  }
  t.like((await call('GET', '/api/state')).body, {
    standIns: { till: { paid: [] } },
    actions: { till: ['pay', 'explode'] },
  });
  t.like((await call('GET', '/api/state?standIn=other')).body, { standIns: {} });
  t.like((await call('GET', '/api/requests?standIn=till')).body, { items: { length: 1 } });
  t.like((await call('GET', '/api/requests?limit=1')).body, { items: [{ standIn: 'other' }] });
});

test('forgets everything on reset', async (t) => {
  const { call, world, paid } = await control(t);
  await call('POST', '/api/till/actions/pay', { id: 'p1' });
  world.faults.add({ target: 'till', kind: 'hang' });
  await world.clock.advance(1_000_000);
  await call('POST', '/api/reset');
  t.deepEqual([paid, world.faults.list(), world.log.list()], [[], [], []]);
  t.true(Math.abs(world.clock.now().getTime() - Date.now()) < 1000);
});

test('serves one page without anything from outside, and refuses other pages the API', async (t) => {
  const { call, url } = await control(t);
  const page = await (await fetch(url)).text();
  t.true(page.startsWith('<!doctype html>'));
  t.notRegex(page, /(src|href)="https?:/);
  t.is((await call('POST', '/api/reset', {}, { 'sec-fetch-site': 'cross-site' })).status, 403);
  t.is((await call('GET', '/api/nothing')).status, 404);
});
