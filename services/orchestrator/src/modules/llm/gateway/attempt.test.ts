import { EventEmitter, once } from 'node:events';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import type { ServerResponse } from 'node:http';
import test, { type ExecutionContext } from 'ava';
import { bodyOf } from '#test/support/dialects.ts';
import { openaiCompatible } from '../providers/openai-compatible/openai-compatible.ts';
import type { UpstreamCall } from '../providers/provider.ts';
import { Attempt, type Failure } from './attempt.ts';
import type { Call } from './call.ts';
import { Upstream } from './upstreams.ts';

const TIMES = {
  LLM_MAX_LIVE_REQUESTS: 10,
  LLM_CONNECT_TIMEOUT_MS: 1000,
  LLM_FIRST_BYTE_TIMEOUT_MS: 1000,
  LLM_ANSWER_TIMEOUT_MS: 1000,
  LLM_IDLE_TIMEOUT_MS: 5000,
};
const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n';
const event = (content: string) => `data: {"choices":[{"delta":{"content":"${content}"}}]}\n\n`;
const DONE = 'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';

/** A provider that answers as told, on bare connections. */
async function upstreamOf(t: ExecutionContext, answer: (socket: Socket) => void): Promise<Upstream> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined));
    socket.once('data', () => answer(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const settings = { name: 'custom', label: 'Custom', url: `http://127.0.0.1:${port}`, key: null };
  const upstream = new Upstream(openaiCompatible({ ...settings, surfaces: ['chat'] }), TIMES);
  t.teardown(async () => {
    await upstream.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return upstream;
}

interface Ended {
  received: string;
  failure: Failure | undefined;
}

/** A client that takes each write only after a while. */
function ask(upstream: Upstream): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  let received = '';
  const response = Object.assign(new EventEmitter(), {
    writableLength: 0,
    writeHead: () => undefined,
    write: (piece: Buffer) => {
      received += piece.toString();
      setTimeout(() => response.emit('drain'), 200);
      return false;
    },
    end: () => resolve({ received, failure: undefined }),
  });
  const body = bodyOf({ model: 'm', messages: [], stream: true });
  const upstreamCall: UpstreamCall = { requestId: 'req_1', surface: 'chat', model: 'm', body, isStream: true };
  const dialect = upstream.provider.dialects.chat;
  if (!dialect) throw new Error('no dialect');
  new Attempt({
    upstream,
    dialect,
    upstreamCall,
    upstreamRequest: dialect.request(upstreamCall),
    sink: {
      call: { response: response as unknown as ServerResponse, headers: {}, elapsedMs: 0 } as unknown as Call,
      wantsUsage: false,
      lastEvent: '',
      produced: () => undefined,
      reported: () => undefined,
      promptReported: () => undefined,
      record: () => undefined,
      annotate: (usage) => usage,
      begin: () => undefined,
      complete: (then) => then(),
    },
    onAnswer: () => undefined,
    onFailed: (failure) => resolve({ received, failure }),
  }).start();
  return promise;
}

test('a provider that ends its connection while the client is behind does not end the process', async (t) => {
  const upstream = await upstreamOf(t, (socket) => {
    socket.write(`${HEAD}connection: close\r\n\r\n${event('one')}`);
    setTimeout(() => socket.end(event('two')), 50);
  });
  const { received, failure } = await ask(upstream);
  t.is(received, event('one') + event('two'));
  t.is(failure?.error.body.code, 'upstream_disconnected');
});

test('a provider that goes on after the end of its stream loses its connection', async (t) => {
  const closed = Promise.withResolvers<boolean>();
  const upstream = await upstreamOf(t, (socket) => {
    const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
    socket.write(`${HEAD}transfer-encoding: chunked\r\n\r\n${chunk(event('one') + DONE)}`);
    const going = setInterval(() => socket.write(chunk(': still here\n\n')), 100);
    socket.once('close', () => {
      clearInterval(going);
      closed.resolve(true);
    });
  });
  t.true((await ask(upstream)).received.endsWith('[DONE]\n\n'));
  t.true(await closed.promise);
});
