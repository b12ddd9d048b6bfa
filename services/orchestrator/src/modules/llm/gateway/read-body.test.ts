import { once } from 'node:events';
import { type IncomingMessage, createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import test from 'ava';
import { HeldBodies } from './held-bodies.ts';
import { readBody } from './read-body.ts';

/** What is read of a request that arrives in these segments; the client leaves after the last one. */
async function readOf(head: string, segments: readonly Buffer[], mayLeave = false) {
  let read: ((result: unknown) => void) | undefined;
  const result = new Promise<unknown>((resolve) => (read = resolve));
  const server = createServer((request: IncomingMessage, response) => {
    void readBody(request, new HeldBodies().of('t')).then((body) => {
      read?.(body);
      response.end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined);
  client.setNoDelay();
  client.write(`POST / HTTP/1.1\r\nhost: x\r\n${head}\r\n\r\n`);
  for (const segment of segments) {
    client.write(segment);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  if (mayLeave) client.destroy();
  else client.resume();
  try {
    return await result;
  } finally {
    client.destroy();
    server.close();
  }
}

const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, at) => 0x20 + ((at * 7) % 90)));
const cut = (size: number) =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));

test('a body is the bytes that were sent, in however many pieces', async (t) => {
  for (const size of [Infinity, 100_000, 65_536, 30_001])
    t.deepEqual(await readOf(`content-length: ${bytes.length}`, size === Infinity ? [bytes] : cut(size)), bytes);
  t.deepEqual(await readOf('content-length: 0', []), Buffer.alloc(0));
});

test('so it is when its length was not said', async (t) => {
  const chunks = cut(50_000).map((some) =>
    Buffer.concat([Buffer.from(`${some.length.toString(16)}\r\n`), some, Buffer.from('\r\n')]),
  );
  t.deepEqual(await readOf('transfer-encoding: chunked', [...chunks, Buffer.from('0\r\n\r\n')]), bytes);
});

test('who leaves in the middle has sent nothing', async (t) => {
  t.is(await readOf('content-length: 300000', cut(65_536), true), undefined);
});
