import { ChunkWriter, DONE } from '../chat/chunks.ts';
import { type Choice, type Head, openaiUsage, producedText } from '../chat/completion.ts';
import { errorIn, errorOf } from '../openai-compatible/error.ts';
import { eventData, parseObject } from '../openai-compatible/event.ts';
import { responsesUsage } from '../openai-compatible/usage.ts';
import type { Answer, StreamEvent, StreamReader, UpstreamCall } from '../provider.ts';
import { type Sources, fields, headOf, readAgentResponse, toolCallOf } from './agent-response.ts';

type Fields = Readonly<Record<string, unknown>>;

const FAILED = new Set(['failed', 'cancelled']);

export function readChatAnswer(body: Buffer, call: UpstreamCall): Answer | undefined {
  const response = parseObject(body.toString('utf8'));
  if (!response || !Array.isArray(response['output']) || FAILED.has(String(response['status']))) return undefined;
  const { head, choice, sources } = readAgentResponse(response, call.requestId);
  const usage = responsesUsage(response['usage']);
  const completion = {
    ...head,
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', ...choice.message },
        logprobs: null,
        finish_reason: choice.finishReason,
      },
    ],
    ...(usage && { usage: openaiUsage(usage) }),
    ...sources,
  };
  return { usage, text: producedText(choice.message), body: Buffer.from(JSON.stringify(completion)) };
}

/** Events: https://docs.perplexity.ai/docs/agent-api; each names its type, the last one has the whole response. */
export function openChatStream(call: UpstreamCall): StreamReader {
  const stream = new ChatStream(call);
  return (event) => {
    const data = eventData(event);
    if (data === undefined) return { kind: 'other', forward: '' };
    if (data === null) return { kind: 'broken' };
    return data === 'done' ? { kind: 'done', forward: DONE } : stream.read(data);
  };
}

class ChatStream {
  readonly #call: UpstreamCall;
  readonly #wantsUsage: boolean;
  readonly #calledTools = new Set<string>();
  #head: Head | undefined;
  #writer: ChunkWriter | undefined;
  #hasText = false;

  constructor(call: UpstreamCall) {
    this.#call = call;
    this.#wantsUsage = fields(call.body.fields['stream_options'])['include_usage'] === true;
  }

  read(data: Fields): StreamEvent | readonly StreamEvent[] {
    switch (data['type']) {
      case 'response.created':
        return this.#begin(fields(data['response']));
      case 'response.output_text.delta':
        return typeof data['delta'] === 'string' ? this.#text(data['delta']) : { kind: 'other', forward: '' };
      case 'response.output_item.done':
        return fields(data['item'])['type'] === 'function_call'
          ? this.#toolCall(fields(data['item']))
          : { kind: 'other', forward: '' };
      case 'response.completed':
      case 'response.incomplete':
        return this.#end(fields(data['response']));
      case 'response.failed':
      case 'response.cancelled':
        return { kind: 'error', error: errorOf(fields(data['response'])['error']) };
      case 'error':
        return { kind: 'error', error: errorOf(data['error'] ?? data) };
    }
    const error = data['type'] === undefined ? errorIn(data) : undefined;
    return error ? { kind: 'error', error } : { kind: 'other', forward: '' };
  }

  #begin(response: Fields): StreamEvent {
    const forward = this.#write(response).choice({ delta: { role: 'assistant', content: '' } });
    return { kind: 'other', forward };
  }

  #text(text: string): StreamEvent {
    this.#hasText ||= text !== '';
    const forward = this.#write().choice({ delta: { content: text } });
    return { kind: 'part', text, isFinal: false, usage: null, forward };
  }

  #toolCall(item: Fields): StreamEvent {
    const call = toolCallOf(item);
    if (this.#calledTools.has(call.id)) return { kind: 'other', forward: '' };
    const index = this.#calledTools.size;
    this.#calledTools.add(call.id);
    const forward = this.#write().choice({ delta: { tool_calls: [{ index, ...call }] } });
    return { kind: 'part', text: call.function.arguments, isFinal: false, usage: null, forward };
  }

  /** What came in no event before is in this one. */
  #end(response: Fields): StreamEvent[] {
    const { choice, sources, toolCalls } = readAgentResponse(response, this.#call.requestId);
    const { content } = choice.message;
    const usage = responsesUsage(response['usage']);
    const writer = this.#write(response);
    return [
      ...(content && !this.#hasText ? [this.#text(content)] : []),
      ...toolCalls.map((call) => this.#toolCall({ ...call.function, call_id: call.id })),
      { kind: 'part', text: '', isFinal: true, usage, forward: this.#finish(choice, sources) },
      ...(usage ? [{ kind: 'usage' as const, usage, forward: writer.usage(usage) }] : []),
      { kind: 'done', forward: DONE },
    ];
  }

  #finish({ finishReason }: Choice, sources: Sources): string {
    const chunk = {
      ...this.#head,
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta: {}, logprobs: null, finish_reason: finishReason }],
      ...(this.#wantsUsage && { usage: null }),
      ...sources,
    };
    return `data: ${JSON.stringify(chunk)}\n\n`;
  }

  #write(response: Fields = {}): ChunkWriter {
    this.#head ??= headOf(response, this.#call.requestId);
    this.#writer ??= new ChunkWriter(this.#head, this.#wantsUsage);
    return this.#writer;
  }
}
