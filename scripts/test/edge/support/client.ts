import { type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { type TLSSocket, connect } from 'node:tls';
import type { Arrival } from './upstream.ts';

export interface Call {
  method?: string;
  headers?: Record<string, string | string[]>;
  body?: string | Readable;
  /** The client's address: all of 127.0.0.0/8 is this machine, and 127.0.0.1 a trusted proxy by default. */
  from?: string;
  port?: number;
  plain?: boolean;
  /** The name in the TLS handshake, when it is not the host's. */
  serverName?: string;
  /** Use one connection per client address and name again and again. */
  keepAlive?: boolean;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  rawHeaders: string[];
  body: string;
  /** What arrived behind the edge; undefined when the edge answered itself. */
  arrival: Arrival | undefined;
}

/** A client of one edge. Names are not looked up: every host is this machine. */
export class Client {
  readonly ca: string;
  readonly port: number;
  readonly #agents = new Map<string, Agent>();

  constructor(ca: string, port: number) {
    this.ca = ca;
    this.port = port;
  }

  open(url: string, call: Call = {}): Promise<IncomingMessage> {
    const [, host = '', path = '/'] = /^([^/]+)(\/.*)?$/.exec(url) ?? [];
    const options = {
      host: '127.0.0.1',
      port: call.port ?? this.port,
      method: call.method ?? 'GET',
      path,
      localAddress: call.from ?? '127.0.0.2',
      headers: { host, ...call.headers },
      servername: call.serverName ?? host.replace(/\.?(:\d+)?$/, ''),
      ca: this.ca,
      agent: call.keepAlive ? this.#agentOf(call.from ?? '') : (false as const),
    };
    return new Promise((resolve, reject) => {
      const request = call.plain ? httpRequest(options) : httpsRequest(options);
      request.on('response', resolve).on('error', reject);
      if (call.body === undefined || typeof call.body === 'string') request.end(call.body);
      else call.body.pipe(request);
    });
  }

  /** `url` is host and path without a scheme: `app.edge.test/v1/me`. */
  async get(url: string, call: Call = {}): Promise<Answer> {
    const response = await this.open(url, call);
    let body = '';
    for await (const chunk of response.setEncoding('utf8')) body += chunk as string;
    const { statusCode: status = 0, headers, rawHeaders } = response;
    return { status, headers, rawHeaders, body, arrival: arrivalIn(body) };
  }

  /** Bytes as they are, for requests that no HTTP library would send. Answers the whole of what came back. */
  async raw(host: string, bytes: string): Promise<string> {
    const socket = await this.socket(host);
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
    socket.write(bytes);
    await new Promise((resolve) => {
      socket.once('close', resolve);
      socket.setTimeout(3000, () => socket.destroy());
    });
    return answer;
  }

  #agentOf(from: string): Agent {
    const agent = this.#agents.get(from) ?? new Agent({ keepAlive: true, maxSockets: 1 });
    this.#agents.set(from, agent);
    return agent;
  }

  socket(host: string): Promise<TLSSocket> {
    // Node hands localAddress to the socket below, which its types do not say.
    const options = { host: '127.0.0.1', port: this.port, localAddress: '127.0.0.2', servername: host, ca: this.ca };
    return new Promise((resolve, reject) => {
      const socket = connect(options);
      socket.once('secureConnect', () => resolve(socket)).once('error', reject);
    });
  }
}

function arrivalIn(body: string): Arrival | undefined {
  try {
    const parsed = JSON.parse(body) as Partial<Arrival>;
    return parsed.service === undefined ? undefined : (parsed as Arrival);
  } catch {
    return undefined;
  }
}
