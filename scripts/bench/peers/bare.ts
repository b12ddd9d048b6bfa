/**
 * The floor: what Node itself costs for passing a request on and its answer back (node:http in, undici's `dispatch` out),
 * with no gateway in between. A process of its own; prints its port.
 */
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';

const origin = process.argv[2] ?? '';
const pool = new Pool(origin, { connections: 2048, pipelining: 1 });

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => pass(request, Buffer.concat(chunks), response));
});
server.keepAliveTimeout = 75_000;
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listening ${(server.address() as AddressInfo).port}\n`);
});

function pass(request: IncomingMessage, body: Buffer, response: ServerResponse): void {
  const { authorization = '', 'content-type': contentType = 'application/json' } = request.headers;
  pool.dispatch(
    {
      method: 'POST',
      path: request.url ?? '/',
      headers: { authorization, 'content-type': contentType },
      body,
    },
    {
      onRequestStart(controller) {
        response.once('close', () => {
          if (!response.writableFinished) controller.abort(new Error('The client left.'));
        });
      },
      onResponseStart(_, status, headers) {
        const passed: Record<string, string> = { 'content-type': String(headers['content-type']) };
        if (headers['content-length'] !== undefined) passed['content-length'] = String(headers['content-length']);
        response.writeHead(status, passed);
      },
      onResponseData(controller, chunk) {
        if (response.write(chunk)) return;
        controller.pause();
        response.once('drain', () => controller.resume());
      },
      onResponseEnd: () => void response.end(),
      onResponseError: () => void response.destroy(),
    },
  );
}
