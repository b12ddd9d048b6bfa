import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './faults.ts';
import type { Refusal, StandIn, World } from './stand-in.ts';

type Misbehaving = Pick<StandIn, 'name' | 'handler' | 'refusal'>;

const KINDS = ['latency', 'hang', 'status', 'drop_before', 'drop_after'];

/** Wraps a stand-in's handler so that the common faults strike and every request is logged. */
export function misbehaving(world: World, standIn: Misbehaving): RequestListener {
  return (request, response) => {
    serve(world, standIn, request, response).catch((error: unknown) => answerBug(error, request, response));
  };
}

async function serve(
  world: World,
  standIn: Misbehaving,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const method = request.method ?? 'GET';
  const path = request.url ?? '/';
  const fault = world.faults.take(standIn.name, KINDS, { method, path });
  let recorded = false;
  const record = (status: number | null) => {
    if (recorded) return;
    recorded = true;
    const at = world.clock.now().toISOString();
    const struck = fault && { fault: fault.kind };
    world.log.record({ at, standIn: standIn.name, direction: 'in', method, path, status, ...struck });
  };
  response.once('finish', () => record(response.statusCode));
  // Whoever hung up before the end leaves a trace too; status null says that no whole answer arrived.
  response.once('close', () => record(null));
  if (fault?.kind === 'latency') await sleep(fault.ms ?? 1000);
  if (fault?.kind === 'hang') return record(null);
  if (fault?.kind === 'drop_before') {
    record(null);
    request.socket.destroy();
    return;
  }
  if (fault?.kind === 'status') return refuse(response, fault, standIn);
  if (fault?.kind === 'drop_after') cutBeforeAnswer(request, response, record);
  // A handler may well be async; its rejection must not end the process that everything else runs in.
  await (standIn.handler(request, response) as unknown);
}

function refuse(response: ServerResponse, fault: Fault, standIn: Misbehaving): void {
  const status = fault.status ?? 500;
  const refusal: Refusal = standIn.refusal?.(status, fault) ?? { body: { status, error: 'Injected fault' } };
  response.writeHead(status, { 'content-type': 'application/json', ...refusal.headers });
  response.end(JSON.stringify(refusal.body));
}

/** A bug of the stand-in itself, told apart from an injected fault so that nobody hunts for it elsewhere. */
export function answerBug(error: unknown, request: IncomingMessage, response: ServerResponse): void {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (response.headersSent) {
    request.socket.destroy();
    return;
  }
  response.writeHead(500, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ status: 500, error: `The sandbox itself failed: ${message}` }));
}

/** The work is done and kept, only the answer never arrives: the client cannot know. */
function cutBeforeAnswer(request: IncomingMessage, response: ServerResponse, record: (status: null) => void): void {
  const cut = () => {
    record(null);
    request.socket.destroy();
    return response;
  };
  response.writeHead = cut;
  response.write = (() => {
    cut();
    return false;
  }) as typeof response.write;
  response.end = cut as typeof response.end;
}
