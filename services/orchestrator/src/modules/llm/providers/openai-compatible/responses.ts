import type { Answer, StreamEvent, StreamReader } from '../provider.ts';
import { errorIn, errorOf } from './error.ts';
import { eventData, parseObject } from './event.ts';
import { responsesUsage } from './usage.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Said with a status of 200. */
const FAILED = new Set(['failed', 'cancelled']);
const END: StreamEvent = { kind: 'done', forward: '' };

export function readResponse(body: Buffer): Answer | undefined {
  const response = parseObject(body.toString('utf8'));
  if (!response || !Array.isArray(response['output']) || FAILED.has(String(response['status']))) return undefined;
  const text: string[] = [];
  for (const item of response['output'] as unknown[]) collect(item, text);
  return { usage: responsesUsage(response['usage']), text };
}

/** Events: https://platform.openai.com/docs/api-reference/responses-streaming. The last one carries the usage. */
export function openResponseStream(): StreamReader {
  return (event) => {
    const data = eventData(event);
    if (data === undefined) return { kind: 'other' };
    if (data === null) return { kind: 'broken' };
    if (data === 'done') return END;
    const { type, delta } = data;
    switch (type) {
      // Incomplete: the model came to max_output_tokens, or a filter stopped it; the answer is as long as it will get.
      case 'response.completed':
      case 'response.incomplete':
        return [
          { kind: 'part', text: '', isFinal: true, usage: responsesUsage(fields(data['response'])['usage']) },
          END,
        ];
      case 'response.failed':
      case 'response.cancelled':
        return { kind: 'error', error: errorOf(fields(data['response'])['error']) };
      case 'error':
        return { kind: 'error', error: errorOf(data['error'] ?? data) };
    }
    if (typeof type === 'string' && type.endsWith('.delta') && typeof delta === 'string' && !isBinary(type))
      return { kind: 'part', text: delta, isFinal: false, usage: null };
    const error = type === undefined ? errorIn(data) : undefined;
    return error ? { kind: 'error', error } : { kind: 'other' };
  };
}

/** Sound arrives as base64, which is not what the model is paid for. */
const isBinary = (type: string): boolean => type.endsWith('audio.delta');

function collect(item: unknown, text: string[]): void {
  const { content, summary, arguments: argument, input, refusal, text: own } = fields(item);
  for (const value of [own, refusal, argument, input]) if (typeof value === 'string' && value !== '') text.push(value);
  for (const pieces of [content, summary]) if (Array.isArray(pieces)) for (const piece of pieces) collect(piece, text);
}

const fields = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
