import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { HttpError } from './errors.ts';

const MAX_BYTES = 1024 * 1024;
const Body = z.record(z.string(), z.unknown());

/** The request's JSON object; no body at all counts as an empty one. */
export async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Read to its end all the same: a client that is cut off would not read why.
    if (size <= MAX_BYTES) chunks.push(chunk);
  }
  if (size > MAX_BYTES) throw new HttpError(413, 'The body is too large');
  const text = Buffer.concat(chunks).toString('utf8');
  if (text.trim() === '') return {};
  try {
    return Body.parse(JSON.parse(text));
  } catch {
    throw new HttpError(400, 'The body is not a JSON object');
  }
}
