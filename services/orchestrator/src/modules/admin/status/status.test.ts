import test from 'ava';
import { loadConfig } from '#core/config/load.ts';
import { createApp } from '#core/process/app.ts';
import { startTestApi } from '#test/support/api.ts';
import { sandboxEnv, startTestSandbox } from '#test/support/matrix-world.ts';
import { atEnd, createTestApp, eventually } from '#test/support/stack.ts';
import { startTcpProxy, targetOf, throughProxy } from '#test/support/tcp-proxy.ts';
import type { Status } from './schemas.ts';
import { currentStatus } from './service.ts';

const statesOf = ({ components }: Status) => Object.fromEntries(components.map(({ name, state }) => [name, state]));

test('says of every part whether it works, to anybody, and nothing else', async (t) => {
  const sandbox = await startTestSandbox(atEnd(t));
  const env = { ...sandboxEnv(sandbox), GATEWAY_PUBLIC_URL: 'http://127.0.0.1:1/v1' };
  const app = await createTestApp(atEnd(t), env);
  const api = await startTestApi(app);
  const response = await fetch(`${api.url}/v1/status`);
  t.is(response.status, 200);
  const text = await response.text();
  const status = JSON.parse(text) as Status;
  t.deepEqual(statesOf(status), {
    api: 'up',
    database: 'up',
    queue: 'up',
    gateway: 'down',
    billing: 'up',
    sites: 'up',
    login: 'up',
  });
  t.is(status.status, 'degraded', 'the rest can be worked with');
  t.notRegex(text, /127\.0\.0\.1|ECONN|http|version/);
});

test('a part that is not set up is not listed; without log-in everything is down', async (t) => {
  const sandbox = await startTestSandbox(atEnd(t));
  const off = { LLM_UPSTREAM_URL: '', LLM_UPSTREAM_KEY: '' };
  const app = await createTestApp(atEnd(t), { ...sandboxEnv(sandbox), ...off });
  const up = await currentStatus(app.ctx);
  t.false('gateway' in statesOf(up));
  t.is(up.status, 'up');
  const config = { ...app.config, OIDC_ISSUER_URL: 'http://127.0.0.1:1' };
  t.is((await currentStatus({ ...app.ctx, config })).status, 'down');
});

test('however many ask, each part is asked once; whoever asks later is not kept waiting', async (t) => {
  const sandbox = await startTestSandbox(atEnd(t));
  const app = await createTestApp(atEnd(t), sandboxEnv(sandbox));
  const asked = () => sandbox.world.log.list().filter(({ path }) => path.includes('openid-configuration')).length;
  const before = asked();
  const all = await Promise.all(Array.from({ length: 50 }, () => currentStatus(app.ctx)));
  t.is(asked() - before, 1);
  t.is(new Set(all.map(({ checkedAt }) => checkedAt)).size, 1);
  await currentStatus(app.ctx);
  t.is(asked() - before, 1);
});

test('answers while database and queue are away, and says so', async (t) => {
  const sandbox = await startTestSandbox(atEnd(t));
  const app = await createTestApp(atEnd(t), sandboxEnv(sandbox));
  const database = await startTcpProxy(targetOf(process.env['TEST_DATABASE_URL'] ?? '', 3306));
  t.teardown(() => database.stop());
  const env = {
    ...app.env,
    DATABASE_URL: throughProxy(app.config.DATABASE_URL, database),
    REDIS_URL: 'redis://127.0.0.1:1',
  };
  const other = createApp(loadConfig(env), 'api');
  t.teardown(() => other.lifecycle.stop('test over'));
  await database.down();
  const startedAt = Date.now();
  const status = await currentStatus(other.ctx);
  t.like(statesOf(status), { api: 'up', database: 'down', queue: 'down', billing: 'up' });
  t.is(status.status, 'down');
  t.true(Date.now() - startedAt < 6000);
});

test('jobs that wait for minutes are told', async (t) => {
  const sandbox = await startTestSandbox(atEnd(t));
  const app = await createTestApp(atEnd(t), sandboxEnv(sandbox));
  const row = { job: 'test', key: 'late', data: '{}', max_attempts: 1, request_id: 'req_test' };
  await app.ctx.db('outbox').insert({ ...row, run_at: new Date(Date.now() - 300_000) });
  const status = await eventually('the status', () => currentStatus(app.ctx));
  t.is(statesOf(status)['queue'], 'degraded');
});
