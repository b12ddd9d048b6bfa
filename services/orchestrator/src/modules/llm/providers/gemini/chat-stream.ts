import { ChunkWriter, DONE } from '../chat/chunks.ts';
import { createdAt } from '../chat/completion.ts';
import { eventData } from '../openai-compatible/event.ts';
import type { StreamEvent, StreamReader, TokenUsage, UpstreamCall } from '../provider.ts';
import {
  type Fields,
  type Said,
  blockedPrompt,
  callId,
  fields,
  finishReasonOf,
  listOf,
  logprobsOf,
  saidBy,
  textOf,
} from './candidate.ts';
import { errorOf } from './error.ts';
import { geminiUsage } from './usage.ts';

const SILENT: StreamEvent = { kind: 'other', forward: '' };

/** Whole answers that follow each other (https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent) in, OpenAI's chunks out. */
export function openChatStream(call: UpstreamCall): StreamReader {
  const stream = new ContentStream(call);
  return (event) => {
    const data = eventData(event);
    if (data === undefined) return SILENT;
    if (data === null || data === 'done') return { kind: 'broken' };
    return data['error'] ? { kind: 'error', error: errorOf(data['error']) } : stream.read(data);
  };
}

class ContentStream {
  readonly #call: UpstreamCall;
  readonly #isParallel: boolean;
  #writer: ChunkWriter | undefined;
  #id = '';
  /** How many calls each candidate has made; those that have begun are in it. */
  #calls = new Map<number, number>();
  #unfinished: number;
  #usage: TokenUsage | null = null;

  constructor(call: UpstreamCall) {
    this.#call = call;
    this.#isParallel = call.body.fields['parallel_tool_calls'] !== false;
    this.#unfinished = Number(call.body.fields['n'] ?? 1);
  }

  read(response: Fields): readonly StreamEvent[] {
    const writer = (this.#writer ??= this.#writerOf(response));
    const usage = geminiUsage(response['usageMetadata']);
    this.#usage = usage ?? this.#usage;
    const texts: string[] = [];
    let forward = '';
    for (const candidate of listOf(response['candidates'])) forward += this.#take(candidate, writer, texts);
    const blocked = blockedPrompt(response);
    if (blocked !== undefined && this.#calls.size === 0) {
      this.#unfinished = 0;
      texts.push(blocked);
      const delta = { role: 'assistant' as const, content: null, refusal: blocked };
      forward += writer.choice({ delta }) + writer.choice({ delta: {}, finishReason: 'content_filter' });
    }
    const isFinal = this.#unfinished <= 0;
    const part: StreamEvent = { kind: 'part', text: texts.join(''), isFinal, usage, forward };
    return isFinal ? [part, ...this.#end(writer)] : [part];
  }

  #writerOf({ responseId, modelVersion }: Fields): ChunkWriter {
    const { requestId, model, body } = this.#call;
    this.#id = textOf(responseId) || requestId;
    const head = { id: this.#id, created: createdAt(requestId), model: textOf(modelVersion) || model };
    return new ChunkWriter(head, fields(body.fields['stream_options'])['include_usage'] === true);
  }

  #take(candidate: Fields, writer: ChunkWriter, texts: string[]): string {
    const index = Number(candidate['index'] ?? 0);
    let forward = '';
    if (!this.#calls.has(index)) {
      this.#calls.set(index, 0);
      forward = writer.choice({ index, delta: { role: 'assistant', content: '', refusal: null } });
    }
    const logprobs = logprobsOf(candidate);
    for (const part of listOf(fields(candidate['content'])['parts'])) {
      const said = saidBy(part);
      if (said.reasoning !== '') forward += writer.choice({ index, delta: { reasoning_content: said.reasoning } });
      if (said.content !== '') forward += writer.choice({ index, delta: { content: said.content }, logprobs });
      texts.push(said.reasoning, said.content);
      if (said.call) forward += this.#callOf(said.call, index, writer, texts);
    }
    if (typeof candidate['finishReason'] !== 'string') return forward;
    this.#unfinished -= 1;
    const finishReason = finishReasonOf(candidate['finishReason'], (this.#calls.get(index) ?? 0) > 0);
    return forward + writer.choice({ index, delta: {}, finishReason });
  }

  /** Calls come whole. */
  #callOf(call: NonNullable<Said['call']>, index: number, writer: ChunkWriter, texts: string[]): string {
    const at = this.#calls.get(index) ?? 0;
    texts.push(call.function.arguments);
    if (at > 0 && !this.#isParallel) return '';
    this.#calls.set(index, at + 1);
    const made = { ...call, index: at, id: call.id ?? callId(this.#id, index, at) };
    return writer.choice({ index, delta: { tool_calls: [made] } });
  }

  /** Gemini has no last event: it just closes. */
  #end(writer: ChunkWriter): StreamEvent[] {
    const done: StreamEvent = { kind: 'done', forward: DONE };
    return this.#usage ? [{ kind: 'usage', usage: this.#usage, forward: writer.usage(this.#usage) }, done] : [done];
  }
}
