import { ChatCompletionStream } from 'openai/lib/ChatCompletionStream';
import { Stream } from 'openai/streaming';
import type { ChatCompletion, ChatCompletionChunk } from 'openai/resources/chat/completions';
import { SseSplitter } from '#modules/llm/gateway/sse-splitter.ts';
import { type RequestBody, parseBody } from '#modules/llm/body/request-body.ts';
import type { StreamEvent, StreamReader, Surface, TokenUsage, UpstreamCall } from '#modules/llm/providers/provider.ts';

/** Made at `CREATED`, which is what answers say when the provider does not. */
const REQUEST_ID = 'req_01M1EDEAG0ABCDEFGHJKMNPQRS';
export const CREATED = Date.parse('2026-09-01T12:00:00Z') / 1000;

/** As it comes from a client. */
export function bodyOf(json: object | string): RequestBody {
  const bytes = Buffer.from(typeof json === 'string' || Buffer.isBuffer(json) ? json : JSON.stringify(json));
  const body = parseBody(bytes);
  if (!body) throw new Error(`${bytes.toString()} is no JSON object`);
  return body;
}

export function callOf(
  body: Readonly<Record<string, unknown>>,
  { model = 'upstream-model', surface = 'chat' }: { model?: string; surface?: Surface } = {},
): UpstreamCall {
  const whole: Readonly<Record<string, unknown>> = { model: 'asked', ...body };
  return {
    requestId: REQUEST_ID,
    surface,
    model,
    body: bodyOf(whole),
    isStream: whole['stream'] === true,
  };
}

export const usageOf = (usage: Partial<TokenUsage>): TokenUsage => ({
  promptTokens: 0,
  cachedTokens: 0,
  cacheWriteTokens: 0,
  completionTokens: 0,
  reasoningTokens: 0,
  audioPromptTokens: 0,
  audioCompletionTokens: 0,
  costNanoUsd: null,
  ...usage,
});

/** What a reader makes of a stream that arrives in segments of so many bytes. */
export function readStream(open: () => StreamReader, wire: string, segmentBytes = Infinity): StreamEvent[] {
  const read = open();
  const splitter = new SseSplitter(1_000_000);
  const bytes = Buffer.from(wire);
  const said: StreamEvent[] = [];
  for (let at = 0; at < bytes.length; at += segmentBytes)
    for (const event of splitter.push(bytes.subarray(at, at + segmentBytes)) ?? []) said.push(...[read(event)].flat());
  return said;
}

/** The bytes that a client gets who asked for usage. */
export const forwardOf = (events: readonly StreamEvent[]): string =>
  events.map((event) => ('forward' in event ? (event.forward ?? '') : '')).join('');

export async function chunksOf(events: readonly StreamEvent[]): Promise<ChatCompletionChunk[]> {
  const stream = Stream.fromSSEResponse<ChatCompletionChunk>(new Response(forwardOf(events)), new AbortController());
  const chunks: ChatCompletionChunk[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

/** What OpenAI's own client puts together from it. */
export function completionOf(events: readonly StreamEvent[]): Promise<ChatCompletion> {
  const stream = Stream.fromSSEResponse<ChatCompletionChunk>(new Response(forwardOf(events)), new AbortController());
  return ChatCompletionStream.fromReadableStream(stream.toReadableStream()).finalChatCompletion();
}

export const produced = (events: readonly StreamEvent[]): string =>
  events.map((event) => (event.kind === 'part' ? event.text : '')).join('');

export const jsonOf = (body: Buffer | string | undefined): unknown => JSON.parse(String(body));
