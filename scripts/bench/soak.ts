import { setTimeout as sleep } from 'node:timers/promises';
import type { Ours, Upstream } from './candidates.ts';
import { Connection } from './load/connection.ts';
import { amount } from './load/load.ts';
import { openFiles, peakRssMb, rssMb } from './machine.ts';
import { isAnswer, loadOf } from './measures.ts';
import { SMALL_PROMPT, STREAM_PROMPT } from './wire.ts';

export interface Mark {
  requests: number;
  rssMb: number;
  openFiles: number;
}

export interface Soaked {
  marks: Mark[];
  peakMb: number;
  aborted: number;
  /** Of the aborted streams, by the upstream's own count, within the time that a client may expect. */
  cancelledInTime: number;
  cancelled: number;
  /** Reservations that nobody has given back. */
  leaked: number;
}

const BLOCKS = 5;
const CONNECTIONS = 64;
const CANCEL_MS = 250;
/** Before a mark: what is settled and collected later belongs to it as well. */
const REST_MS = 3000;

/** Requests in five blocks, and after each of them streams that their clients leave in the middle. */
export async function soak(
  ours: Ours,
  upstream: Upstream,
  size: { requests: number; aborts: number },
): Promise<Soaked> {
  const load = loadOf(ours, SMALL_PROMPT, isAnswer);
  const streams = loadOf(ours, STREAM_PROMPT, isAnswer);
  const marks: Mark[] = [];
  const mark = async (requests: number) => {
    await ours.settled();
    await sleep(REST_MS);
    marks.push({ requests, rssMb: rssMb(ours.pid ?? 0), openFiles: openFiles(ours.pid ?? 0) });
  };
  await mark(0);
  const before = await upstream.seen();
  let cancelledInTime = 0;
  for (let block = 1; block <= BLOCKS; block += 1) {
    await upstream.setPace({ delayMs: 0, gapMs: 20 });
    const { failures } = await amount(load, { connections: CONNECTIONS, count: size.requests / BLOCKS });
    if (failures[0]) throw new Error(`A request of the soak failed: ${failures[0].message}`);
    cancelledInTime += await abort(streams.port, streams.requests, upstream, size.aborts / BLOCKS);
    await mark((size.requests / BLOCKS) * block);
  }
  const after = await upstream.seen();
  const { reserved } = await ours.pending();
  return {
    marks,
    peakMb: peakRssMb(ours.pid ?? 0),
    aborted: size.aborts,
    cancelledInTime,
    cancelled: after.leftStreams - before.leftStreams,
    leaked: reserved,
  };
}

/** Each client leaves once its stream has begun. Resolves to how many the upstream saw leave in time. */
async function abort(port: number, requests: readonly Buffer[], upstream: Upstream, count: number): Promise<number> {
  let seen = 0;
  for (let left = count; left > 0; left -= CONNECTIONS) {
    const clients = Array.from({ length: Math.min(left, CONNECTIONS) }, () => new Connection(port));
    for (const [index, client] of clients.entries())
      client.send(requests[index % requests.length] ?? Buffer.alloc(0)).catch(() => undefined);
    const deadline = Date.now() + 10_000;
    while (clients.some((client) => !client.hasBegun)) {
      if (Date.now() > deadline) throw new Error('Streams did not begin.');
      await sleep(5);
    }
    const before = await upstream.seen();
    for (const client of clients) client.close();
    await sleep(CANCEL_MS);
    seen += (await upstream.seen()).leftStreams - before.leftStreams;
  }
  return seen;
}
