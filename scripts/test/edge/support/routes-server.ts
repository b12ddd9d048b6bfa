import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** In place of the dashboard's second port: tenants' routes, as text that may be wrong. */
export class RoutesServer {
  text: string;
  status = 200;
  polls = 0;
  port = 0;
  #server: Server | undefined;

  constructor(text: string) {
    this.text = text;
  }

  async start(): Promise<void> {
    const server = createServer((_, response) => {
      this.polls++;
      response.writeHead(this.status, { 'content-type': 'application/json' }).end(this.text);
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }
}
