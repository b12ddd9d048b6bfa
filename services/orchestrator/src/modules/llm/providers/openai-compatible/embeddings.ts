import type { Answer } from '../provider.ts';
import { parseObject } from './event.ts';
import { chatUsage } from './usage.ts';

/** Longer answers are mostly numbers: their usage is read from the end, where it is, rather than all of them parsed. */
const PARSED_BYTES = 16 * 1024;
const TAIL_BYTES = 1024;
const USAGE = Buffer.from('"usage"');

export function readEmbeddings(body: Buffer): Answer | undefined {
  const answer = body.length > PARSED_BYTES ? tailOf(body) : undefined;
  const parsed = answer ?? parseObject(body.toString('utf8'));
  if (!parsed || (!answer && !Array.isArray(parsed['data']))) return undefined;
  const usage = chatUsage({ completion_tokens: 0, ...(parsed['usage'] as object | null | undefined) });
  return { usage, text: [] };
}

/** `"usage":{…}}` at the very end; undefined when the answer ends in another way. */
function tailOf(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  if (body.indexOf('"data"') > TAIL_BYTES || !body.subarray(0, TAIL_BYTES).includes('"data"')) return undefined;
  const tail = body.subarray(-TAIL_BYTES);
  const start = tail.lastIndexOf(USAGE);
  return start === -1 ? undefined : parseObject(`{${tail.toString('utf8', start)}`);
}
