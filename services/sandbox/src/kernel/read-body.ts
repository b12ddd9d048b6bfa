import type { IncomingMessage } from 'node:http';

const LIMIT_BYTES = 4 * 1024 * 1024;

/** The raw body as text; signatures and idempotency need the very bytes that were sent. */
export async function readBody(request: IncomingMessage, limitBytes = LIMIT_BYTES): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > limitBytes) throw new Error(`The request body is larger than ${limitBytes} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
