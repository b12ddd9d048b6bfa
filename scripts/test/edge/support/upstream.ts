import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What an upstream answers: the request as it arrived. */
export interface Arrival {
  service: string;
  method: string;
  url: string;
  headers: Record<string, string | string[] | undefined>;
  rawHeaders: string[];
  bodyBytes: number;
}

/** A server in place of one service of the stack. `?echo=` chooses how it answers. */
export class Upstream {
  readonly service: string;
  readonly arrivals: Arrival[] = [];
  aborted = 0;
  #open: { url: string; end: () => void }[] = [];
  #server: Server | undefined;
  #sockets = new Set<Socket>();
  port = 0;

  constructor(service: string) {
    this.service = service;
  }

  async start(port = 0): Promise<void> {
    const server = createServer((request, response) => void this.#answer(request, response));
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    // The answer to the opening handshake is all of WebSocket that a proxy looks at; afterwards it copies bytes.
    server.on('upgrade', (request, socket: Socket) => {
      this.arrivals.push(this.#arrival(request, 0));
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
      socket.pipe(socket);
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
  }

  /** How many answers are waiting, of `?echo=wait`, `sse` and `chunks`. */
  get waiting(): number {
    return this.#open.length;
  }

  /** Ends the waiting answers to this path. */
  finish(path: string): void {
    const [ended, rest] = [
      this.#open.filter(({ url }) => url.startsWith(path)),
      this.#open.filter(({ url }) => !url.startsWith(path)),
    ];
    this.#open = rest;
    for (const { end } of ended) end();
  }

  async stop(): Promise<void> {
    if (!this.#server?.listening) return;
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  #arrival(request: IncomingMessage, bodyBytes: number): Arrival {
    const { method = '', url = '', headers, rawHeaders } = request;
    return { service: this.service, method, url, headers, rawHeaders, bodyBytes };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://upstream');
    response.on('close', () => {
      if (!response.writableFinished) this.aborted++;
    });
    let bodyBytes = 0;
    try {
      for await (const chunk of request) bodyBytes += (chunk as Buffer).length;
    } catch {
      return;
    }
    const arrival = this.#arrival(request, bodyBytes);
    this.arrivals.push(arrival);
    // A second copy of what the edge sets would reach the browser as two headers, of which it may take either.
    response.setHeader('server', 'upstream/1.0');
    response.setHeader('x-powered-by', 'upstream');
    response.setHeader('x-content-type-options', 'nosniff');
    response.setHeader('strict-transport-security', 'max-age=1');
    if (pathname.startsWith('/_edge/'))
      return void response.setHeader('content-type', 'text/html').end(`<h1>${pathname}</h1>`);
    const mode = searchParams.get('echo');
    if (mode === 'die') return void request.socket.destroy();
    if (mode === 'wait') return void this.#open.push({ url: arrival.url, end: () => response.end('late') });
    if (mode === 'sse' || mode === 'chunks') {
      response.setHeader('content-type', mode === 'sse' ? 'text/event-stream' : 'application/x-ndjson');
      response.write('data: first\n\n');
      this.#open.push({ url: arrival.url, end: () => response.end('data: last\n\n') });
      return;
    }
    response.statusCode = Number(searchParams.get('status') ?? 200);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ ...arrival, padding: 'x'.repeat(Number(searchParams.get('padding') ?? 0)) }));
  }
}
