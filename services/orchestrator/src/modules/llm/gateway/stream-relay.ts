import type { StreamEvent, StreamReader, TokenUsage, UpstreamError } from '../providers/provider.ts';
import type { Call } from './call.ts';
import { type GatewayError, upstreamBroken, upstreamDisconnected } from './errors.ts';
import { STALL_MS, STREAM_HEADERS, endStream, errorEvent } from './respond.ts';
import { SseSplitter, joinNeighbours } from './sse-splitter.ts';

const MAX_EVENT_BYTES = 16 * 1024 * 1024;
/** The answer begins with the first words of the completion: an error before them can still go to another provider. */
const BEGIN_AFTER_MS = 10_000;
const MAX_HELD_BYTES = 64 * 1024;
/** What waits for a slow client when the provider cannot be told to wait. */
const MAX_UNREAD_BYTES = 16 * 1024 * 1024;

/** Where a stream goes, and who counts what it carries. */
export interface StreamSink {
  call: Call;
  /** The client asked for the usage event itself. */
  wantsUsage: boolean;
  /** What a client waits for at the end of a stream that the provider closed without it. */
  lastEvent: string;
  produced(text: string): void;
  reported(usage: TokenUsage): void;
  promptReported(usage: TokenUsage): void;
  /** What goes to the client, before anything of ours is put into it. */
  record(event: Buffer): void;
  /** The usage event, as the client gets it. */
  annotate(event: Buffer): Buffer;
  /** Just before the first byte goes to the client. */
  begin(): void;
  /** The completion is whole: counted, and on disk when it calls back. */
  complete(then: () => void): void;
}

interface RelayParts {
  sink: StreamSink;
  read: StreamReader;
  pause: () => void;
  resume: () => void;
  /** The stream is complete. */
  onDone: () => void;
  /** The provider reported an error in its stream. */
  onError: (error: UpstreamError) => void;
  onBroken: (error: GatewayError) => void;
}

/** Passes a provider's stream on, event by event in the provider's own bytes, and counts what it carries. */
export class StreamRelay {
  readonly #parts: RelayParts;
  readonly #splitter = new SseSplitter(MAX_EVENT_BYTES);
  #held: Buffer[] = [];
  #heldBytes = 0;
  #hasBegun = false;
  #hasPart = false;
  #hasFinal = false;
  #isOver = false;
  #stall: NodeJS.Timeout | undefined;

  constructor(parts: RelayParts) {
    this.#parts = parts;
  }

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  push(segment: Buffer): void {
    if (this.#isOver) return;
    const events = this.#splitter.push(segment);
    if (!events) return this.#parts.onBroken(upstreamBroken);
    this.#relay(events);
  }

  /** The provider closed its stream. Some do so without a last event; without a finish reason it was cut. */
  end(): void {
    if (this.#isOver) return;
    const rest = this.#splitter.rest();
    if (rest.length > 0) this.#relay([Buffer.concat([rest, Buffer.from('\n\n')])]);
    // The last event may have ended it.
    if (this.#isOver) return;
    if (!this.#hasFinal) return this.#parts.onBroken(upstreamDisconnected);
    this.#finish([Buffer.from(this.#parts.sink.lastEvent)]);
  }

  /** Ends a stream that has begun with an error event. */
  finishWith(error: GatewayError): void {
    this.stop();
    const { call } = this.#parts.sink;
    endStream(call.response, errorEvent(error, call.errorShape));
  }

  /** Nothing is passed on after this. */
  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#stall);
  }

  #relay(events: readonly Buffer[]): void {
    const forward: Buffer[] = [];
    for (const event of events) {
      const said = this.#parts.read(event);
      const isOver = 'kind' in said ? this.#take(said, event, forward) : this.#takeAll(said, event, forward);
      if (isOver) return;
    }
    this.#write(forward);
  }

  #takeAll(said: readonly StreamEvent[], event: Buffer, forward: Buffer[]): boolean {
    return said.some((one) => this.#take(one, event, forward));
  }

  /** True when nothing after it matters. */
  #take(said: StreamEvent, event: Buffer, forward: Buffer[]): boolean {
    const { sink, onError, onBroken } = this.#parts;
    switch (said.kind) {
      case 'broken':
      case 'error':
        this.#write(forward);
        if (said.kind === 'error') onError(said.error);
        else onBroken(upstreamBroken);
        return true;
      case 'part':
        this.#hasPart ||= said.isFinal || said.text !== '';
        this.#hasFinal ||= said.isFinal;
        if (said.text !== '') sink.produced(said.text);
        if (said.usage) sink.reported(said.usage);
        break;
      case 'prompt_usage':
        sink.promptReported(said.usage);
        break;
      case 'usage':
        sink.reported(said.usage);
        if (sink.wantsUsage)
          forward.push(sink.annotate(said.forward === undefined ? event : Buffer.from(said.forward)));
        return false;
      case 'other':
      case 'done':
        break;
    }
    const shown = said.forward === undefined ? event : said.forward === '' ? undefined : Buffer.from(said.forward);
    if (shown) {
      sink.record(shown);
      forward.push(shown);
    }
    if (said.kind !== 'done') return false;
    this.#finish(forward);
    return true;
  }

  /** Settled before the client can know that it has everything. */
  #finish(forward: readonly Buffer[]): void {
    const { sink, onDone } = this.#parts;
    this.#hasPart = true;
    this.stop();
    onDone();
    sink.complete(() => {
      this.#write(forward);
      clearTimeout(this.#stall);
      endStream(sink.call.response);
    });
  }

  #write(events: readonly Buffer[]): void {
    if (events.length === 0) return;
    if (!this.#hasBegun && !this.#shouldBegin()) return this.#hold(events);
    this.#begin();
    const { response } = this.#parts.sink.call;
    const pieces = this.#held.length > 0 ? [...this.#held.splice(0), ...events] : events;
    for (const piece of joinNeighbours(pieces)) if (!response.write(piece)) this.#waitForClient();
  }

  #shouldBegin(): boolean {
    return this.#hasPart || this.#heldBytes > MAX_HELD_BYTES || this.#parts.sink.call.elapsedMs > BEGIN_AFTER_MS;
  }

  /** Comments, and an opening that says nothing yet. */
  #hold(events: readonly Buffer[]): void {
    for (const event of events) {
      this.#heldBytes += event.length;
      this.#held.push(event);
    }
  }

  #begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    const { sink } = this.#parts;
    sink.begin();
    sink.call.response.writeHead(200, { ...sink.call.headers, ...STREAM_HEADERS });
  }

  #waitForClient(): void {
    const { sink, pause, resume } = this.#parts;
    const { response } = sink.call;
    if (this.#stall) {
      if (response.writableLength > MAX_UNREAD_BYTES) response.destroy();
      return;
    }
    pause();
    this.#stall = setTimeout(() => response.destroy(), STALL_MS);
    response.once('drain', () => {
      clearTimeout(this.#stall);
      this.#stall = undefined;
      resume();
    });
  }
}
