import type { Provider, UpstreamError } from '../providers/provider.ts';
import type { Call } from './call.ts';
import { type GatewayError, upstreamBroken, upstreamDisconnected } from './errors.ts';
import type { Meter } from './meter.ts';
import { errorEvent } from './respond.ts';
import { SseSplitter, joinNeighbours } from './sse-splitter.ts';

const MAX_EVENT_BYTES = 16 * 1024 * 1024;
/** The answer begins with the first part of the completion, so that an error before it can still have a status. */
const BEGIN_AFTER_MS = 10_000;
const MAX_HELD_BYTES = 64 * 1024;
/** A client that takes nothing for this long is gone. */
const STALL_MS = 120_000;
const DONE = 'data: [DONE]\n\n';

interface RelayParts {
  call: Call;
  meter: Meter;
  provider: Provider;
  wantsUsage: boolean;
  pause: () => void;
  resume: () => void;
  /** The stream is complete, and so is the answer. */
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
    const events = this.#splitter.push(segment);
    if (!events) return this.#parts.onBroken(upstreamBroken);
    this.#relay(events);
  }

  /** The provider closed its stream. Some do so without `[DONE]`; without a finish reason it was cut. */
  end(): void {
    const rest = this.#splitter.rest();
    if (rest.length > 0) this.#relay([Buffer.concat([rest, Buffer.from('\n\n')])]);
    if (this.#isOver) return;
    if (!this.#hasFinal) return this.#parts.onBroken(upstreamDisconnected);
    this.#finish([Buffer.from(DONE)]);
  }

  /** Ends a stream that has begun with an error event. */
  finishWith(error: GatewayError): void {
    this.stop();
    this.#parts.call.response.end(errorEvent(error));
  }

  /** Nothing is passed on after this. */
  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#stall);
  }

  #relay(events: readonly Buffer[]): void {
    const { meter, provider, wantsUsage, onError, onBroken } = this.#parts;
    const forward: Buffer[] = [];
    for (const event of events) {
      const said = provider.readEvent(event);
      if (said.kind === 'broken' || said.kind === 'error') {
        this.#write(forward);
        return said.kind === 'error' ? onError(said.error) : onBroken(upstreamBroken);
      }
      if (said.kind === 'part') {
        this.#hasPart = true;
        this.#hasFinal ||= said.isFinal;
        meter.delivered(said.textLength);
      }
      if (said.kind === 'part' || said.kind === 'usage') meter.reported(said.usage);
      if (said.kind !== 'usage' || wantsUsage) forward.push(event);
      if (said.kind === 'done') return this.#finish(forward);
    }
    this.#write(forward);
  }

  /** Settled before the client can know that it has everything. */
  #finish(forward: readonly Buffer[]): void {
    this.#parts.meter.settle('completed');
    this.#hasPart = true;
    this.#write(forward);
    this.stop();
    this.#parts.call.response.end();
    this.#parts.onDone();
  }

  #write(events: readonly Buffer[]): void {
    if (events.length === 0) return;
    if (!this.#hasBegun && !this.#shouldBegin()) return this.#hold(events);
    this.#begin();
    for (const piece of joinNeighbours([...this.#held.splice(0), ...events]))
      if (!this.#parts.call.response.write(piece)) this.#waitForClient();
  }

  #shouldBegin(): boolean {
    return this.#hasPart || this.#parts.call.elapsedMs > BEGIN_AFTER_MS;
  }

  /** Comments before the first part; more than a few are not worth keeping. */
  #hold(events: readonly Buffer[]): void {
    for (const event of events) {
      this.#heldBytes += event.length;
      if (this.#heldBytes <= MAX_HELD_BYTES) this.#held.push(event);
    }
  }

  #begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#parts.meter.firstByte();
    const { call } = this.#parts;
    call.response.writeHead(200, {
      ...call.headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
  }

  #waitForClient(): void {
    if (this.#stall) return;
    const { call, pause, resume } = this.#parts;
    pause();
    this.#stall = setTimeout(() => call.response.destroy(), STALL_MS);
    call.response.once('drain', () => {
      clearTimeout(this.#stall);
      this.#stall = undefined;
      resume();
    });
  }
}
