import test from 'ava';
import { newId } from '#core/ids.ts';
import { listen } from '#core/process/listen.ts';
import { atEnd, createTestApp } from '#test/support/stack.ts';
import { serveTargets } from './service.ts';

test('Prometheus learns the public addresses and the active sites, and nothing else', async (t) => {
  const { ctx, lifecycle } = await createTestApp(atEnd(t), { SITES_EDGE_URL: 'http://traefik:8081' });
  const site = (host: string, status: string) => ({
    id: newId('site'),
    tenant_id: 'ten_a',
    name: host.split('.')[0],
    host,
    status,
    apps: '[]',
    admin_password_sealed: 'x',
    user_password_sealed: 'x',
  });
  await ctx.db('sites').insert([site('a.example.test', 'active'), site('b.example.test', 'failed')]);
  const port = await listen(ctx, lifecycle, {
    port: 0,
    handler: (request, response) => serveTargets(ctx, request, response),
  });
  const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
  t.deepEqual(await (await get('/targets/sites')).json(), [
    { targets: ['http://traefik:8081/api/method/ping'], labels: { host: 'a.example.test' } },
  ]);
  const answer = await get('/targets/public');
  t.is(answer.headers.get('content-type'), 'application/json');
  const groups = (await answer.json()) as { targets: string[]; labels: { name: string } }[];
  t.deepEqual(
    groups.map(({ labels }) => labels.name),
    ['app', 'llm', 'auth'],
  );
  t.is(groups[0]?.targets[0], ctx.config.PUBLIC_URL);
  t.is((await get('/targets/other')).status, 404);
});
