import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from './stand-in.ts';

const KINDS = ['latency', 'hang', 'status', 'drop_before', 'drop_after'];

/** Wraps a stand-in's handler so that the common faults strike and every request is logged. */
export function misbehaving(world: World, standIn: string, handler: RequestListener): RequestListener {
  return (request, response) => {
    void serve(world, standIn, handler, request, response);
  };
}

async function serve(
  world: World,
  standIn: string,
  handler: RequestListener,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const method = request.method ?? 'GET';
  const path = request.url ?? '/';
  const fault = world.faults.take(standIn, KINDS, { method, path });
  const record = (status: number | null) =>
    world.log.record({
      at: world.clock.now().toISOString(),
      standIn,
      direction: 'in',
      method,
      path,
      status,
      ...(fault && { fault: fault.kind }),
    });
  response.once('finish', () => record(response.statusCode));
  if (fault?.kind === 'latency') await sleep(fault.ms ?? 1000);
  if (fault?.kind === 'hang') return record(null);
  if (fault?.kind === 'drop_before') {
    record(null);
    request.socket.destroy();
    return;
  }
  if (fault?.kind === 'status') {
    response.writeHead(fault.status ?? 500, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ status: fault.status ?? 500, error: 'Injected fault' }));
    return;
  }
  if (fault?.kind === 'drop_after') cutBeforeAnswer(request, response, record);
  await handler(request, response);
}

/** The work is done and kept, only the answer never arrives: the client cannot know. */
function cutBeforeAnswer(request: IncomingMessage, response: ServerResponse, record: (status: null) => void): void {
  const cut = () => {
    record(null);
    request.socket.destroy();
    return response;
  };
  response.writeHead = cut as typeof response.writeHead;
  response.write = (() => {
    cut();
    return false;
  }) as typeof response.write;
  response.end = cut as typeof response.end;
}
