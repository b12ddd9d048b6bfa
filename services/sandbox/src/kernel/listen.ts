import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Listening {
  server: Server;
  port: number;
  url: string;
  close(): Promise<void>;
}

export const LOOPBACK = '127.0.0.1';

/**
 * Opens a port, on the loopback unless told otherwise, before anyone answers there, because some stand-ins must know their own address to be made.
 * 0 takes a free port.
 */
export async function listen(name: string, port: number, host = LOOPBACK): Promise<Listening> {
  const server = createServer();
  // A gateway under test keeps its connections: cutting idle ones would look like a fault nobody asked for.
  server.keepAliveTimeout = 120_000;
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(new Error(`${name} cannot listen on port ${port}`, { cause })));
    server.listen(port, host, resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    server,
    port: bound,
    url: `http://127.0.0.1:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
