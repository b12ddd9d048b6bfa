import { type RequestListener, type Server, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Context } from '../context.ts';
import { type Health, isHealthRequest, serveHealth } from '../http/health.ts';
import type { Lifecycle } from './lifecycle.ts';

interface Listening {
  port: number;
  handler: RequestListener;
  problem?: Health['problem'];
  /** Default: the database. */
  needs?: Health['needs'];
}

/**
 * One port for the process's own requests and its health. While stopping, `/readyz` says so, requests under way are
 * finished and idle connections are closed. Resolves to the port (useful when it was 0).
 */
export async function listen(
  ctx: Context,
  lifecycle: Lifecycle,
  { port, handler, problem, needs = 'database' }: Listening,
): Promise<number> {
  const health: Health = { isStopping: false, needs, ...(problem && { problem }) };
  // Browsers connect ahead of need. Node takes such a connection for a busy one and would wait a minute for its headers.
  const unasked = new Set<Socket>();
  const server: Server = createServer((request, response) => {
    if (unasked.size > 0) unasked.delete(request.socket);
    if (isHealthRequest(request)) void serveHealth(ctx, health, request, response);
    else handler(request, response);
  });
  server.on('connection', (socket: Socket) => {
    unasked.add(socket);
    socket.once('close', () => unasked.delete(socket));
  });
  server.keepAliveTimeout = 75_000;
  // For the whole request to arrive: answers and event streams may take as long as they like.
  server.requestTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, ctx.config.HOST, resolve);
  });
  lifecycle.on('accept', 'readiness', () => {
    health.isStopping = true;
  });
  lifecycle.on('drain', 'http', () => closeServer(server, unasked));
  return (server.address() as AddressInfo).port;
}

function closeServer(server: Server, unasked: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    // A connection that is busy now is idle after its answer, and would be kept open for the next request.
    const sweep = setInterval(() => {
      server.closeIdleConnections();
      for (const socket of unasked) socket.destroy();
    }, 50);
    server.close(() => {
      clearInterval(sweep);
      resolve();
    });
    server.closeIdleConnections();
  });
}
