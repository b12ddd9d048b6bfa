import { PassThrough } from 'node:stream';
import type { Context as KoaContext } from 'koa';
import type { SseMessage } from './route.ts';

const KEEP_ALIVE_MS = 15_000;

/** Server-sent events. A comment line now and then keeps proxies from closing a quiet stream. */
export function streamEvents(koa: KoaContext, messages: AsyncIterable<SseMessage>, signal: AbortSignal): void {
  const stream = new PassThrough();
  koa.status = 200;
  koa.set({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  });
  koa.body = stream;
  koa.req.socket.setNoDelay(true);
  stream.write(': connected\n\n');
  void pump(stream, messages, signal);
}

async function pump(stream: PassThrough, messages: AsyncIterable<SseMessage>, signal: AbortSignal): Promise<void> {
  const keepAlive = setInterval(() => stream.write(': keep-alive\n\n'), KEEP_ALIVE_MS);
  try {
    for await (const { event, data, id } of messages) {
      if (signal.aborted) break;
      stream.write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`);
    }
  } catch {
    stream.write('event: error\ndata: {"code":"stream.interrupted"}\n\n');
  } finally {
    clearInterval(keepAlive);
    stream.end();
  }
}
