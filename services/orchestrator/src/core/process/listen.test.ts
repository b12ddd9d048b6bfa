import { once } from 'node:events';
import { connect } from 'node:net';
import test from 'ava';
import { atEnd, createTestApp } from '#test/support/stack.ts';
import { listen } from './listen.ts';

test('stops at once although a client has connected and never asked for anything', async (t) => {
  const { ctx, lifecycle } = await createTestApp(atEnd(t));
  const port = await listen(ctx, lifecycle, { port: 0, handler: (_request, response) => response.end('ok') });
  const speculative = connect(port, '127.0.0.1');
  await once(speculative, 'connect');
  t.is(await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'ok');
  const startedAt = Date.now();
  const closed = once(speculative, 'close');
  await lifecycle.stop('test');
  await closed;
  t.true(Date.now() - startedAt < 3000);
});

test('finishes what is under way before it stops', async (t) => {
  const { ctx, lifecycle } = await createTestApp(atEnd(t));
  const port = await listen(ctx, lifecycle, {
    port: 0,
    handler: (_request, response) => void setTimeout(() => response.end('late'), 400),
  });
  const answer = fetch(`http://127.0.0.1:${port}/`).then((response) => response.text());
  await new Promise((resolve) => setTimeout(resolve, 100));
  const stopped = lifecycle.stop('test');
  t.is(await answer, 'late');
  await stopped;
});
