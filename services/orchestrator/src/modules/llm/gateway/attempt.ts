import type { Dispatcher } from 'undici';
import { errors } from 'undici';
import type { Answer, Dialect, UpstreamCall, UpstreamError, UpstreamRequest } from '../providers/provider.ts';
import {
  type GatewayError,
  upstreamBroken,
  upstreamDisconnected,
  upstreamTimeout,
  upstreamUnreachable,
} from './errors.ts';
import { StreamRelay, type StreamSink } from './stream-relay.ts';
import type { Upstream } from './upstreams.ts';

type ResponseHeaders = Record<string, string | string[] | undefined>;

const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const MAX_ERROR_BYTES = 256 * 1024;
/** Between the last event of a stream and the end of the answer. */
const END_MS = 1000;

/** How a try failed: as the breaker counts it, and as the metrics name it. */
export interface Failure {
  error: UpstreamError;
  /** `unfit`: not for this request, which another may serve; it says nothing about the provider's health. */
  kind: 'connect' | 'timeout' | 'cut' | 'status' | 'rate_limited' | 'refused' | 'unfit' | 'client';
  reason: string;
  /** What the connection said, for the log. */
  cause?: Error;
}

interface AttemptParts {
  upstream: Upstream;
  dialect: Dialect;
  upstreamCall: UpstreamCall;
  upstreamRequest: UpstreamRequest;
  sink: StreamSink;
  onAnswer: (answer: Answer, body: Buffer) => void;
  onFailed: (failure: Failure) => void;
}

/** One try at one provider. It reports exactly one end, and nothing at all once it was aborted. */
export class Attempt implements Dispatcher.DispatchHandler {
  readonly #parts: AttemptParts;
  #controller: Dispatcher.DispatchController | undefined;
  #isOver = false;
  #status = 0;
  #headers: ResponseHeaders = {};
  #collected: Buffer[] = [];
  #collectedBytes = 0;
  #relay: StreamRelay | undefined;
  #hasEnded = false;
  #end: NodeJS.Timeout | undefined;

  constructor(parts: AttemptParts) {
    this.#parts = parts;
  }

  start(): void {
    const { upstream, upstreamRequest, upstreamCall } = this.#parts;
    upstream.dispatch('POST', upstreamRequest, this, { isStream: upstreamCall.isStream });
  }

  /** The provider has been sent the request, or part of it. */
  get wasSent(): boolean {
    return this.#controller !== undefined;
  }

  /** The client has been sent something of this try. */
  get hasBegun(): boolean {
    return this.#relay?.hasBegun ?? false;
  }

  /** Nothing that the provider does from now on matters. */
  abort(): void {
    this.#isOver = true;
    this.#relay?.stop();
    this.#controller?.abort(new Error('No longer wanted.'));
  }

  /** Ends a stream that has begun with an error event. */
  finishWith(error: GatewayError): void {
    this.#relay?.finishWith(error);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#isOver) return controller.abort(new Error('The client left before the request was sent.'));
    this.#controller = controller;
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: ResponseHeaders): void {
    if (this.#isOver || status < 200) return;
    this.#status = status;
    this.#headers = headers;
    if (status !== 200 || !this.#parts.upstreamCall.isStream) return;
    if (String(headers['content-type']).includes('text/event-stream')) this.#relay = this.#startRelay();
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isOver) return;
    if (this.#relay) return this.#relay.push(chunk);
    this.#collected.push(chunk);
    this.#collectedBytes += chunk.length;
    if (this.#collectedBytes > (this.#status === 200 ? MAX_ANSWER_BYTES : MAX_ERROR_BYTES))
      this.#break(upstreamBroken, 'cut', 'broken');
  }

  onResponseEnd(): void {
    this.#hasEnded = true;
    clearTimeout(this.#end);
    if (this.#isOver) return;
    if (this.#relay) return this.#relay.end();
    const body = this.#collected.length === 1 ? (this.#collected[0] as Buffer) : Buffer.concat(this.#collected);
    this.#collected = [];
    if (this.#status === 200) return this.#readAnswer(body);
    const error = this.#parts.upstream.provider.readError(this.#status, this.#headers, body);
    this.#fail({ error, kind: kindOf(this.#status, error), reason: `status_${this.#status}` });
  }

  onResponseError(_: Dispatcher.DispatchController | undefined, cause: Error): void {
    clearTimeout(this.#end);
    if (this.#isOver) return;
    const isTimeout = cause instanceof errors.HeadersTimeoutError || cause instanceof errors.BodyTimeoutError;
    if (isTimeout) return this.#break(upstreamTimeout, 'timeout', 'timeout', cause);
    const wasReached = this.#controller !== undefined && !(cause instanceof errors.ConnectTimeoutError);
    if (wasReached) this.#break(upstreamDisconnected, 'cut', 'disconnected', cause);
    else this.#break(upstreamUnreachable, 'connect', 'disconnected', cause);
  }

  #readAnswer(body: Buffer): void {
    const { dialect, upstreamCall, onAnswer } = this.#parts;
    const answer = upstreamCall.isStream ? undefined : dialect.readAnswer(body, upstreamCall);
    if (!answer) return this.#failWith200(body);
    this.#isOver = true;
    onAnswer(answer, answer.body ?? body);
  }

  /** Some providers say an error with a status that promises an answer. */
  #failWith200(body: Buffer): void {
    if (!body.includes('"error"')) return this.#break(upstreamBroken, 'cut', 'broken');
    const error = this.#parts.upstream.provider.readError(this.#status, this.#headers, body);
    this.#fail({ error, kind: kindOf(error.status, error), reason: 'status_200_error' });
  }

  #startRelay(): StreamRelay {
    const { dialect, upstreamCall, sink } = this.#parts;
    return new StreamRelay({
      sink,
      read: dialect.openStream(upstreamCall),
      pause: () => {
        if (!isLastOfItsConnection(this.#headers)) this.#controller?.pause();
      },
      resume: () => this.#controller?.resume(),
      onDone: () => this.#expectEnd(),
      onError: (error) => this.#fail({ error, kind: kindOf(error.status, error), reason: 'stream_error' }),
      onBroken: (error) => this.#break(error, 'cut', 'broken'),
    });
  }

  /** All is said. A provider that goes on nevertheless would keep its connection for ever. */
  #expectEnd(): void {
    this.#isOver = true;
    if (this.#hasEnded) return;
    this.#end = setTimeout(() => this.#controller?.abort(new Error('All was said.')), END_MS).unref();
  }

  #break(error: GatewayError, kind: Failure['kind'], reason: string, cause?: Error): void {
    this.#fail({ error: { ...error, isOurs: true }, kind, reason, ...(cause && { cause }) });
  }

  #fail(failure: Failure): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#collected = [];
    // Reports an error of its own, which is of no interest any more; after the end of an answer it does nothing.
    this.#controller?.abort(new Error('No longer wanted.'));
    this.#parts.onFailed(failure);
  }
}

/**
 * undici 7 throws where nobody can catch it, which ends the process, when a connection ends while its answer is paused
 * (nodejs/undici#5360): such an answer is held in memory instead, as much of it as the relay allows.
 */
function isLastOfItsConnection(headers: ResponseHeaders): boolean {
  const { connection, 'content-length': length, 'transfer-encoding': encoding } = headers;
  return /\bclose\b/i.test(String(connection)) || (length === undefined && encoding === undefined);
}

function kindOf(status: number, { isOurs, body }: UpstreamError): Failure['kind'] {
  if (!isOurs) return 'client';
  // Some refuse our key or our account with another status.
  if (body.code === 'upstream_refused') return 'refused';
  if (status === 404 || status === 413) return 'unfit';
  if (status === 429) return 'rate_limited';
  return status === 401 || status === 402 || status === 403 ? 'refused' : 'status';
}
