import type { Answer, StreamEvent, StreamReader, TokenUsage } from '../provider.ts';
import { errorIn, errorOf } from './error.ts';
import { eventData, parseObject } from './event.ts';
import { messagesUsage } from './usage.ts';

type Fields = Readonly<Record<string, unknown>>;

export function readMessage(body: Buffer): Answer | undefined {
  const message = parseObject(body.toString('utf8'));
  if (!message || !Array.isArray(message['content'])) return undefined;
  const text: string[] = [];
  for (const block of message['content'] as unknown[]) {
    const { text: said, thinking, input } = fields(block);
    for (const value of [said, thinking]) if (typeof value === 'string' && value !== '') text.push(value);
    if (input !== undefined) text.push(JSON.stringify(input));
  }
  return { usage: messagesUsage(fields(message['usage'])), text };
}

/**
 * Events: https://platform.claude.com/docs/en/build-with-claude/streaming. `message_start` has the input's tokens,
 * `message_delta` the output's so far, and with some providers corrected ones of the input.
 */
export function openMessageStream(): StreamReader {
  let reported: Fields = {};
  const report = (usage: unknown): TokenUsage | null => {
    for (const [name, value] of Object.entries(fields(usage)))
      if (value !== null) reported = { ...reported, [name]: value };
    return messagesUsage(reported);
  };
  return (event): StreamEvent => {
    const data = eventData(event);
    if (data === undefined) return { kind: 'other' };
    if (data === null) return { kind: 'broken' };
    if (data === 'done') return { kind: 'done', forward: '' };
    switch (data['type']) {
      case 'message_start':
        return started(report(fields(data['message'])['usage']));
      case 'content_block_delta':
        return { kind: 'part', text: textOf(fields(data['delta'])), isFinal: false, usage: null };
      case 'message_delta': {
        const isFinal = typeof fields(data['delta'])['stop_reason'] === 'string';
        return { kind: 'part', text: '', isFinal, usage: report(data['usage']) };
      }
      case 'message_stop':
        return { kind: 'done' };
      case 'error':
        return { kind: 'error', error: errorOf(data['error']) };
    }
    const error = data['type'] === undefined ? errorIn(data) : undefined;
    return error ? { kind: 'error', error } : { kind: 'other' };
  };
}

const started = (usage: TokenUsage | null): StreamEvent =>
  usage ? { kind: 'prompt_usage', usage } : { kind: 'other' };

function textOf({ text, thinking, partial_json: json }: Fields): string {
  for (const value of [text, thinking, json]) if (typeof value === 'string') return value;
  return '';
}

const fields = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
