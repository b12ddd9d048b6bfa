import test from 'ava';
import { APIError } from 'openai';
import { hello, startLlmWorld } from '#test/support/llm-world.ts';
import { atEnd } from '#test/support/stack.ts';

test('without a provider the gateway runs, and says in OpenAI’s words that there is none', async (t) => {
  const world = await startLlmWorld(atEnd(t), { LLM_UPSTREAM_URL: '', LLM_UPSTREAM_KEY: '' });
  const gateway = await world.startGateway();
  const client = gateway.client(await world.createKey(await world.createTenant()), { maxRetries: 2 });
  for (const ask of [
    () => client.chat.completions.create(hello),
    () => client.chat.completions.create({ ...hello, stream: true }),
    () => client.models.list(),
  ]) {
    const startedAt = Date.now();
    const error = await t.throwsAsync(Promise.resolve(ask()), { instanceOf: APIError });
    t.is(error.status, 503);
    t.like(error, { code: 'no_provider_configured', type: 'server_error' });
    t.regex(error.message, /LLM_UPSTREAM_URL/);
    t.is((error.headers as Headers).get('x-should-retry'), 'false');
    t.true(Date.now() - startedAt < 2000, 'the client does not try again in vain');
  }
  const stranger = gateway.client('sk-bst-unknown');
  const error = await t.throwsAsync(Promise.resolve(stranger.chat.completions.create(hello)), { instanceOf: APIError });
  t.is(error.status, 401, 'who we do not know is told nothing about the server');
  t.is((await fetch(new URL('/readyz', gateway.url))).status, 200);
});
