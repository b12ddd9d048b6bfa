import type { IncomingMessage } from 'node:http';
import { BodyTooLarge, InvalidJson } from '../errors.ts';

export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  // The request must outlive an early end of reading, or the client would see a cut connection and not our answer.
  const body = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) throw BodyTooLarge({ maxBytes });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** An empty body is an empty object: a POST that needs nothing need not say so. */
export function parseJsonBody(raw: Buffer): unknown {
  if (raw.length === 0) return {};
  try {
    return JSON.parse(raw.toString('utf8')) as unknown;
  } catch {
    throw InvalidJson();
  }
}
