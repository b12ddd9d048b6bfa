import test from 'ava';
import { type FullStack, startFullStack } from '#test/support/full-stack.ts';
import { assertNothingLeft, assertOneOfEach, buySite, call, insist } from '#test/support/main-job.ts';
import type { Caller } from '#test/support/matrix.ts';
import { createOwner } from '#test/support/people.ts';
import { atEnd, eventually } from '#test/support/stack.ts';

interface Problem {
  error: { code: string; message: string; requestId: string };
}

async function refusal(stack: FullStack, owner: Caller, method: string, path: string, body?: unknown) {
  const response = await fetch(stack.apiUrl + path, {
    method,
    headers: { ...owner.headers, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { response, body: (await response.json()) as Problem };
}

async function started(t: Parameters<typeof atEnd>[0]) {
  t.timeout(150_000);
  const stack = await startFullStack(atEnd(t));
  await stack.startApi();
  await stack.startWorker();
  return { stack, owner: await createOwner(stack.app) };
}

test.serial('the database is down: a clear 503, and all is well when it is back', async (t) => {
  const { stack, owner } = await started(t);
  await stack.proxies.database.down();
  const { response, body } = await refusal(stack, owner, 'POST', '/v1/subscriptions', {
    priceCode: 'starter-m-eur-v1',
  });
  t.is(response.status, 503);
  t.is(body.error.code, 'service.unavailable');
  t.regex(body.error.message, /database/);
  t.is(response.headers.get('retry-after'), '5');
  t.is((await fetch(`${stack.apiUrl}/healthz`)).status, 200);
  t.is((await fetch(`${stack.apiUrl}/readyz`)).status, 503);
  await stack.proxies.database.up();
  await insist('the API to recover', () => call(stack, owner, 'GET', '/v1/subscriptions'), 15_000);
  await buySite(stack, owner);
  await assertOneOfEach(t, stack, owner);
  await assertNothingLeft(t, stack);
});

test.serial('the database goes away in the middle of provisioning', async (t) => {
  const { stack, owner } = await started(t);
  await buySite(stack, owner);
  await eventually('an operation', async () => (await stack.app.ctx.db('operations').first('id')) !== undefined);
  await stack.proxies.database.down();
  await new Promise((resolve) => setTimeout(resolve, 2000));
  await stack.proxies.database.up();
  await assertOneOfEach(t, stack, owner);
  await assertNothingLeft(t, stack);
});

test.serial('Redis is down: the API takes orders, and they are carried out when it is back', async (t) => {
  const { stack, owner } = await started(t);
  await stack.proxies.redis.down();
  const subscription = await call<{ id: string }>(stack, owner, 'POST', '/v1/subscriptions', {
    priceCode: 'starter-m-eur-v1',
  });
  t.truthy(subscription.id);
  t.is((await fetch(`${stack.apiUrl}/readyz`)).status, 200);
  await stack.proxies.redis.up();
  const { items } = await eventually('the invoice', async () => {
    const page = await call<{ items: { subscriptionId: string }[] }>(stack, owner, 'GET', '/v1/invoices');
    return page.items.some((invoice) => invoice.subscriptionId === subscription.id) && page;
  });
  t.true(items.length > 0);
  await assertNothingLeft(t, stack);
});

test.serial('Lago is down: the order waits, nothing is half-done, and it goes through when Lago is back', async (t) => {
  const { stack, owner } = await started(t);
  await stack.proxies.lago.down();
  const buying = buySite(stack, owner, 90_000);
  await new Promise((resolve) => setTimeout(resolve, 4000));
  const { items } = await call<{ items: unknown[] }>(stack, owner, 'GET', '/v1/sites');
  t.is(items.length, 0);
  await stack.proxies.lago.up();
  await buying;
  await assertOneOfEach(t, stack, owner);
  await assertNothingLeft(t, stack);
});

test.serial('bench-runner is down: the site waits and comes up when it is back', async (t) => {
  const { stack, owner } = await started(t);
  await stack.proxies.benchRunner.down();
  await buySite(stack, owner);
  await eventually('an operation', async () => (await stack.app.ctx.db('operations').first('id')) !== undefined);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  await stack.proxies.benchRunner.up();
  await assertOneOfEach(t, stack, owner);
  await assertNothingLeft(t, stack);
});
