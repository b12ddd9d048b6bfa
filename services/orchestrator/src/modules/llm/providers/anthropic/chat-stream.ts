import { ChunkWriter, DONE, type Delta } from '../chat/chunks.ts';
import { createdAt } from '../chat/completion.ts';
import { eventData } from '../openai-compatible/event.ts';
import { messagesUsage } from '../openai-compatible/usage.ts';
import type { StreamEvent, StreamReader, TokenUsage, UpstreamCall } from '../provider.ts';
import { type Fields, fields, finishReasonOf, refusalOf, textOf } from './chat-answer.ts';
import { errorOf } from './error.ts';

/** Keeps proxies awake while Claude thinks; clients do not see comments. */
const KEEP_ALIVE = ': ping\n\n';
const SILENT: StreamEvent = { kind: 'other', forward: '' };

/** What is under way in one place of the answer. */
interface OpenBlock {
  type: string;
  /** Of a tool call, among those of the answer. */
  callIndex: number;
  hasArguments: boolean;
  thinking: string;
  signature: string;
  data: string;
}

/** https://platform.claude.com/docs/en/build-with-claude/streaming in, OpenAI's chunks out. */
export function openChatStream(call: UpstreamCall): StreamReader {
  const stream = new MessageStream(call);
  return (event) => {
    const data = eventData(event);
    if (data === undefined) return SILENT;
    return data === null || data === 'done' ? { kind: 'broken' } : stream.read(data);
  };
}

class MessageStream {
  readonly #call: UpstreamCall;
  readonly #wantsUsage: boolean;
  #writer: ChunkWriter;
  #hasStarted = false;
  #blocks = new Map<unknown, OpenBlock>();
  #calls = 0;
  #reported: Fields = {};

  constructor(call: UpstreamCall) {
    this.#call = call;
    this.#wantsUsage = fields(call.body.fields['stream_options'])['include_usage'] === true;
    this.#writer = this.#writerOf({});
  }

  read(data: Fields): StreamEvent | readonly StreamEvent[] {
    switch (data['type']) {
      case 'message_start':
        return this.#start(fields(data['message']));
      case 'content_block_start':
        return this.#open(data['index'], fields(data['content_block']));
      case 'content_block_delta':
        return this.#continue(this.#blocks.get(data['index']), fields(data['delta']));
      case 'content_block_stop':
        return this.#close(data['index']);
      case 'message_delta':
        return this.#finish(fields(data['delta']), data['usage']);
      case 'message_stop':
        return this.#end();
      case 'error':
        return { kind: 'error', error: errorOf(data['error']) };
      case 'ping':
        return { kind: 'other', forward: KEEP_ALIVE };
    }
    return SILENT;
  }

  #writerOf(message: Fields): ChunkWriter {
    const { requestId, model } = this.#call;
    const id = textOf(message['id']) || requestId;
    return new ChunkWriter(
      { id, created: createdAt(requestId), model: textOf(message['model']) || model },
      this.#wantsUsage,
    );
  }

  /** Some relays send it twice. */
  #start(message: Fields): StreamEvent {
    if (this.#hasStarted) return SILENT;
    this.#hasStarted = true;
    this.#writer = this.#writerOf(message);
    const forward = this.#writer.choice({ delta: { role: 'assistant', content: '', refusal: null } });
    const usage = this.#report(message['usage']);
    return usage ? { kind: 'prompt_usage', usage, forward } : { kind: 'other', forward };
  }

  #open(index: unknown, block: Fields): StreamEvent {
    const type = textOf(block['type']);
    const isCall = type === 'tool_use';
    const open: OpenBlock = {
      type,
      callIndex: isCall ? this.#calls++ : -1,
      hasArguments: false,
      thinking: '',
      signature: '',
      data: textOf(block['data']),
    };
    this.#blocks.set(index, open);
    if (isCall) return this.#openCall(open, block);
    const said = textOf(block['text']);
    return said === '' ? SILENT : this.#part({ content: said }, said);
  }

  /** What Anthropic's own models say piece by piece, others say at once. */
  #openCall(open: OpenBlock, { id, name, input }: Fields): StreamEvent {
    const json = Object.keys(fields(input)).length > 0 ? JSON.stringify(input) : '';
    open.hasArguments = json !== '';
    const call = { name: textOf(name), arguments: json };
    const delta = { index: open.callIndex, id: textOf(id), type: 'function' as const, function: call };
    return this.#part({ tool_calls: [delta] }, json);
  }

  #continue(open: OpenBlock | undefined, delta: Fields): StreamEvent {
    const text = textOf(delta['text']);
    if (text !== '') return this.#part({ content: text }, text);
    if (!open) return SILENT;
    open.signature += textOf(delta['signature']);
    const thinking = textOf(delta['thinking']);
    open.thinking += thinking;
    if (thinking !== '') return this.#part({ reasoning_content: thinking }, thinking);
    const json = textOf(delta['partial_json']);
    return json === '' || open.callIndex < 0 ? SILENT : this.#arguments(open, json);
  }

  #arguments(open: OpenBlock, json: string): StreamEvent {
    open.hasArguments = true;
    return this.#part({ tool_calls: [{ index: open.callIndex, function: { arguments: json } }] }, json);
  }

  #close(index: unknown): StreamEvent {
    const open = this.#blocks.get(index);
    this.#blocks.delete(index);
    if (!open) return SILENT;
    const { type, thinking, signature, data } = open;
    if (type === 'tool_use') return open.hasArguments ? SILENT : this.#arguments(open, '{}');
    if (type === 'thinking' && signature !== '')
      return this.#part({ thinking_blocks: [{ type, thinking, signature }] }, '');
    return type === 'redacted_thinking' ? this.#part({ thinking_blocks: [{ type, data }] }, '') : SILENT;
  }

  #finish(delta: Fields, given: unknown): StreamEvent {
    const usage = this.#report(given);
    const isFinal = typeof delta['stop_reason'] === 'string';
    if (!isFinal) return { kind: 'part', text: '', isFinal, usage, forward: '' };
    const refusal = refusalOf(delta);
    const finishReason = finishReasonOf(delta['stop_reason']);
    const forward = this.#writer.choice({ delta: refusal === null ? {} : { refusal }, finishReason });
    return { kind: 'part', text: refusal ?? '', isFinal, usage, forward };
  }

  #end(): readonly StreamEvent[] {
    const usage = messagesUsage(this.#reported);
    const done: StreamEvent = { kind: 'done', forward: DONE };
    return usage ? [{ kind: 'usage', usage, forward: this.#writer.usage(usage) }, done] : [done];
  }

  #part(delta: Delta, text: string): StreamEvent {
    return { kind: 'part', text, isFinal: false, usage: null, forward: this.#writer.choice({ delta }) };
  }

  /** Its numbers are of the whole answer so far; null means no news. */
  #report(usage: unknown): TokenUsage | null {
    const news = Object.entries(fields(usage)).filter(([, value]) => value !== null);
    this.#reported = { ...this.#reported, ...Object.fromEntries(news) };
    return messagesUsage(this.#reported);
  }
}
