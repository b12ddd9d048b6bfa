import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import OpenAI from 'openai';
import { type LlmWorld, hello, startLlmWorld, textOf } from '#test/support/llm-world.ts';
import { atEnd, eventually } from '#test/support/stack.ts';

const streamed = { ...hello, stream: true as const };

/** Every request that the provider knows of has one row with its numbers, but for a token that was still on the wire. */
async function assertBilledAsProduced(t: ExecutionContext, world: LlmWorld): Promise<void> {
  await world.provider.idle();
  const made = new Map(world.provider.produced().map((request) => [request.requestId, request]));
  const rows = await world.rowsWhen(made.size);
  t.is(rows.length, made.size);
  for (const row of rows) {
    const request = made.get(row.request_id);
    t.is(row.outcome, 'aborted');
    t.is(row.prompt_tokens, request?.promptTokens ?? -1);
    const missed = (request?.completionTokens ?? 0) - row.completion_tokens;
    t.true(missed === 0 || missed === 1, `${missed} tokens`);
  }
}

test('a client that leaves stops the provider within 250 ms and pays for what was made', async (t) => {
  const world = await startLlmWorld(atEnd(t));
  const gateway = await world.startGateway();
  world.startConsumer();
  const client = gateway.client(await world.createKey(await world.createTenant()));
  world.provider.configure({ chunkDelayMs: 100, completionTokens: 200 });

  const noticedAfterMs: number[] = [];
  for (const afterChunks of [1, 2, 5]) {
    const controller = new AbortController();
    const { data: stream, response } = await client.chat.completions
      .create(streamed, { signal: controller.signal })
      .withResponse();
    let chunks = 0;
    let leftAt = 0;
    for await (const _ of stream) {
      chunks += 1;
      if (chunks < afterChunks) continue;
      leftAt = Date.now();
      controller.abort();
      break;
    }
    await world.provider.idle();
    const noticedAt = world.provider.closedAt.get(response.headers.get('x-request-id') ?? '') ?? Infinity;
    noticedAfterMs.push(noticedAt - leftAt);
  }
  // Each would have gone on for 20 s; a machine that has other things to do may be late for one of them.
  t.true(Math.min(...noticedAfterMs) < 250, `${noticedAfterMs.join(', ')} ms`);
  t.true(Math.max(...noticedAfterMs) < 5000, `${noticedAfterMs.join(', ')} ms`);

  // Before the first byte, streamed and not.
  world.provider.faults.add({ target: 'llm', kind: 'stall_before', ms: 10_000, times: 1 });
  await t.throwsAsync(() => client.chat.completions.create(streamed, { signal: AbortSignal.timeout(300) }));
  await assertBilledAsProduced(t, world);
  t.is((await world.rows()).filter((row) => row.outcome === 'aborted').length, 4);
  t.true((await world.rows()).every((row) => row.is_estimated === 1));

  await t.throwsAsync(() => client.chat.completions.create(hello, { signal: AbortSignal.timeout(300) }));
  const rows = await world.rowsWhen(5);
  t.is(rows[4]?.outcome, 'aborted');
  t.is(rows[4]?.prompt_tokens, world.provider.produced()[4]?.promptTokens);
});

test('a stream that the provider cuts, breaks off or forgets ends with an error and without [DONE]', async (t) => {
  const world = await startLlmWorld(atEnd(t), { LLM_IDLE_TIMEOUT_MS: '700' });
  const gateway = await world.startGateway();
  world.startConsumer();
  const key = await world.createKey(await world.createTenant());
  const cases = [
    ['stream_cut', 'upstream_disconnected'],
    ['stream_error', 'upstream_error'],
    ['bad_json', 'upstream_invalid_response'],
    ['stall_mid', 'upstream_timeout'],
  ] as const;
  for (const [kind, code] of cases) {
    world.provider.faults.add({ target: 'llm', kind, times: 1, ms: 10_000 });
    const response = await fetch(`${gateway.url}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key.secret}` },
      body: JSON.stringify(streamed),
    });
    const text = await response.text();
    t.is(response.status, 200, kind);
    t.false(text.includes('[DONE]'), kind);
    const last = text.trim().split('\n\n').at(-1) ?? '';
    const { error } = JSON.parse(last.slice('data: '.length)) as { error: { code: string; message: string } };
    t.is(error.code, code, kind);
    t.truthy(error.message);
  }
  world.provider.faults.add({ target: 'llm', kind: 'stream_cut', times: 1 });
  const client = gateway.client(key);
  await t.throwsAsync(async () => textOf(await client.chat.completions.create(streamed)), {
    instanceOf: OpenAI.APIError,
  });
  const rows = await world.rowsWhen(5);
  // A connection that is cut may take its last bytes with it: what arrived is billed.
  t.deepEqual(
    rows.map((row) => [row.outcome, row.is_estimated, row.completion_tokens >= 1 && row.completion_tokens <= 3]),
    rows.map(() => ['cut', 1, true]),
  );
  t.is(rows[2]?.completion_tokens, 1, 'what could not be read is not billed');
});

test('an error before the first part of a stream still has its status', async (t) => {
  const world = await startLlmWorld(atEnd(t));
  const gateway = await world.startGateway();
  const client = gateway.client(await world.createKey(await world.createTenant()));
  world.provider.faults.add({ target: 'llm', kind: 'status', status: 503, ms: 3000, times: 1 });
  const error = await t.throwsAsync(() => client.chat.completions.create(streamed), {
    instanceOf: OpenAI.InternalServerError,
  });
  t.is(error instanceof OpenAI.APIError ? error.status : 0, 503);
});

test('many clients that leave at random moments leave nothing behind', async (t) => {
  const world = await startLlmWorld(atEnd(t));
  const gateway = await world.startGateway();
  world.startConsumer();
  const client = gateway.client(await world.createKey(await world.createTenant()));
  world.provider.configure({ chunkDelayMs: 20, completionTokens: 30 });
  let completed = 0;
  await Promise.all(
    Array.from({ length: 120 }, async (_, at) => {
      await sleep(at * 10);
      const signal = AbortSignal.timeout(Math.ceil(Math.random() * 3000));
      try {
        const answer = await client.chat.completions.create({ ...hello, stream: at % 3 > 0 } as typeof hello, {
          signal,
        });
        if (Symbol.asyncIterator in answer) await textOf(answer as unknown as AsyncIterable<never>);
        if (!signal.aborted) completed += 1;
      } catch {
        // Aborted.
      }
    }),
  );
  await world.provider.idle();
  const made = world.provider.produced();
  const rows = new Map((await world.rowsWhen(made.length)).map((row) => [row.request_id, row]));
  await sleep(500);
  t.is((await world.rows()).length, rows.size, 'no request has two rows');
  let missed = 0;
  for (const request of made) {
    const row = rows.get(request.requestId);
    t.is(row?.prompt_tokens, request.promptTokens);
    if (row?.outcome === 'completed') t.is(row.completion_tokens, request.completionTokens);
    // What was on the wire when the client left was not seen here; of an answer in one piece that is all of it.
    else if (row?.is_stream === 1) missed += request.completionTokens - row.completion_tokens;
  }
  const left = [...rows.values()].filter(({ outcome }) => outcome === 'aborted').length;
  t.true(missed >= 0 && missed <= 2 * left, `${missed} tokens of ${left} clients that left were not seen`);
  t.is((await textOf(await client.chat.completions.create(streamed))).length > 0, true, 'and it works on');
  t.log(`${made.length} requests reached the provider, ${completed} were completed`);
});

test('a slow reader of a large stream is not buffered', async (t) => {
  const world = await startLlmWorld(atEnd(t));
  const gateway = await world.spawnGateway();
  const key = await world.createKey(await world.createTenant());
  world.provider.configure({ completionTokens: 20_000 });
  await textOf(await gateway.client(key).chat.completions.create(streamed));
  world.provider.configure({ completionTokens: 200_000 });
  const { hostname, port } = new URL(gateway.url);
  const body = JSON.stringify(streamed);
  const socket = connect(Number(port), hostname);
  socket.pause();
  const before = gateway.rssBytes();
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key.secret}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  const made = () => world.provider.produced()[1]?.completionTokens ?? 0;
  await eventually('the stream to come to a halt', async () => {
    const sofar = made();
    await sleep(500);
    return sofar > 1000 && made() === sofar;
  });
  t.true(made() < 100_000, `the provider was slowed down (${made()} tokens)`);
  const grown = gateway.rssBytes() - before;
  t.true(grown < 20 * 1024 * 1024, `${Math.round(grown / 1024)} KiB more`);
  let received = 0;
  socket.on('data', (chunk: Buffer) => (received += chunk.length));
  socket.resume();
  await eventually('all of the stream', () => Promise.resolve(received > 200_000 * 230), 60_000);
  const after = gateway.rssBytes() - before;
  t.log(`${Math.round(grown / 1024)} KiB while it waits, ${Math.round(after / 1024)} KiB after ${received} bytes`);
  t.true(after < 40 * 1024 * 1024);
  socket.destroy();
});
