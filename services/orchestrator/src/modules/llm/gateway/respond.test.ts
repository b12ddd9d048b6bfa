import { type IncomingMessage, type ServerResponse, createServer, get } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { endStream, endWith } from './respond.ts';

const LONG = Buffer.alloc(64 * 1024 * 1024);
const endings: Record<string, (response: ServerResponse) => void> = {
  'a client that takes nothing of a long answer does not keep it for ever': (response) => endWith(response, LONG, 100),
  'a client that takes nothing of the end of a stream does not keep it for ever': (response) => {
    response.write(LONG);
    endStream(response, 'last', 100);
  },
};
for (const [title, end] of Object.entries(endings)) test(title, neverKept, end);

async function neverKept(t: ExecutionContext, end: (response: ServerResponse) => void): Promise<void> {
  const closed = Promise.withResolvers<boolean>();
  const server = createServer((_, response) => {
    response.once('close', () => closed.resolve(response.writableFinished));
    end(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = connect(port, '127.0.0.1').on('error', () => undefined);
  t.teardown(() => {
    client.destroy();
    server.close();
  });
  client.pause();
  client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  t.false(await closed.promise);
}

test('a client that takes a long answer slowly gets all of it', async (t) => {
  const body = Buffer.alloc(8 * 1024 * 1024);
  const server = createServer((_, response) => endWith(response, body, 300));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const response = await new Promise<IncomingMessage>((resolve) => get({ port, agent: false }, resolve));
  let bytes = 0;
  for await (const chunk of response) {
    bytes += (chunk as Buffer).length;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  t.is(bytes, body.length);
});
