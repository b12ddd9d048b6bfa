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
    const parts = length === undefined ? new Chunks() : new Whole(Number(length));
    let size = 0;
    let isWatched = false;
    const finish = (result: Buffer | GatewayError | undefined) => {
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      if (isWatched) request.socket.setTimeout(0);
      resolve(result);
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      // Nearly every body comes with its headers; for one that never begins there is the server's own limit.
      if (!isWatched && !request.complete) {
        isWatched = true;
        request.socket.setTimeout(SILENCE_MS);
      }
      const hasRoom = length !== undefined || held.grow(chunk.length);
      if (hasRoom && size <= MAX_BODY_BYTES) return parts.add(chunk);
      discard(request);
      finish(hasRoom ? bodyTooLarge(MAX_BODY_BYTES) : overloaded);
    };
    const onEnd = () => finish(parts.body());
    const onClose = () => finish(undefined);
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}

interface Parts {
  add(chunk: Buffer): void;
  body(): Buffer;
}

class Chunks implements Parts {
  readonly #chunks: Buffer[] = [];

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  body(): Buffer {
    return this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
  }
}

/** Where the length is known, chunks are put together as they come, and their memory is given back at once. */
class Whole implements Parts {
  readonly #length: number;
  #body: Buffer | undefined;
  #size = 0;

  constructor(length: number) {
    this.#length = length;
  }

  add(chunk: Buffer): void {
    const { length } = chunk;
    if (length === this.#length) this.#body = chunk;
    else {
      this.#body ??= Buffer.allocUnsafeSlow(this.#length);
      chunk.copy(this.#body, this.#size);
      giveBack(chunk);
    }
    this.#size += length;
  }

  /** Never more than what came: the rest of that memory was somebody else's. */
  body(): Buffer {
    return this.#body?.subarray(0, this.#size) ?? Buffer.alloc(0);
  }
}

/** Node makes memory for each chunk of a body; until the next collection it would count as used. */
function giveBack(chunk: Buffer): void {
  const { buffer } = chunk;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === chunk.length) buffer.transfer(0);
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
