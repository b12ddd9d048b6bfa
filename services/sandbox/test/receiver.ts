import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { readBody } from '../src/kernel/read-body.ts';

export interface Delivery {
  headers: Record<string, string>;
  /** As it came over the wire. */
  raw: string;
  /** Parsed. */
  json: Record<string, unknown>;
}

export interface Receiver {
  url: string;
  deliveries: Delivery[];
  /** What it answers from now on; 200 unless set. */
  answer(status: number): void;
  /** Waits until `count` deliveries match, and returns them. */
  wait(count: number, matches?: (delivery: Delivery) => boolean): Promise<Delivery[]>;
  close(): Promise<void>;
}

/** An endpoint for webhooks that keeps all it is sent. */
export async function receive(): Promise<Receiver> {
  const deliveries: Delivery[] = [];
  let status = 200;
  const server = createServer((request, response) => {
    void readBody(request).then((raw) => {
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
      deliveries.push({ headers, raw, json: JSON.parse(raw) as Record<string, unknown> });
      response.writeHead(status).end();
      server.emit('delivery');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    deliveries,
    answer: (next) => {
      status = next;
    },
    wait: async (count, matches = () => true) => {
      const signal = AbortSignal.timeout(10_000);
      for (;;) {
        const found = deliveries.filter(matches);
        if (found.length >= count) return found;
        await once(server, 'delivery', { signal });
      }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
