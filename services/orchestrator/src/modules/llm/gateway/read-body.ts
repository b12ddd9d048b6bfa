import type { IncomingMessage } from 'node:http';
import { type GatewayError, bodyTooLarge, encodedBody, overloaded } from './errors.ts';
import type { HeldBody } from './held-bodies.ts';

export const MAX_BODY_BYTES = 16 * 1024 * 1024;
/** How much of a body that was refused is still taken in, so that the client gets to read why. */
const MAX_DISCARDED_BYTES = 64 * 1024 * 1024;
/** A client that sends nothing for this long is gone. */
const SILENCE_MS = 30_000;

/** Undefined when the client left in the middle. A body whose length was not said takes its room as it comes. */
export function readBody(request: IncomingMessage, held: HeldBody): Promise<Buffer | GatewayError | undefined> {
  const { 'content-encoding': encoding, 'content-length': length } = request.headers;
  if (encoding !== undefined && encoding !== 'identity') return refuse(request, encodedBody);
  if (length !== undefined && Number(length) > MAX_BODY_BYTES) return refuse(request, bodyTooLarge(MAX_BODY_BYTES));
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let isWatched = false;
    const finish = (result: Buffer | GatewayError | undefined) => {
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      if (isWatched) request.socket.setTimeout(0);
      resolve(result);
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      // Nearly every body comes with its headers; for one that never begins there is the server's own limit.
      if (!isWatched && !request.complete) {
        isWatched = true;
        request.socket.setTimeout(SILENCE_MS);
      }
      const hasRoom = length !== undefined || held.grow(chunk.length);
      if (hasRoom && size <= MAX_BODY_BYTES) return;
      discard(request);
      finish(hasRoom ? bodyTooLarge(MAX_BODY_BYTES) : overloaded);
    };
    const onEnd = () => finish(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
    const onClose = () => finish(undefined);
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}

/** Answers may be written before the body is read; Node would throw the connection away at once otherwise. */
export function discard(request: IncomingMessage): void {
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_DISCARDED_BYTES) request.destroy();
  });
  request.on('error', () => undefined);
}

function refuse(request: IncomingMessage, error: GatewayError): Promise<GatewayError> {
  discard(request);
  return Promise.resolve(error);
}
