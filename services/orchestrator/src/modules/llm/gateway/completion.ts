import type { Dispatcher } from 'undici';
import { errors } from 'undici';
import type { Logger } from 'pino';
import type { Allowance } from '../limits/limiter.ts';
import type { UpstreamError, UpstreamRequest } from '../providers/provider.ts';
import type { Call } from './call.ts';
import type { Envelope } from './envelope.ts';
import {
  type GatewayError,
  restarting,
  upstreamBroken,
  upstreamDisconnected,
  upstreamTimeout,
  upstreamUnreachable,
} from './errors.ts';
import type { Meter } from './meter.ts';
import { allowanceHeaders, usd } from './respond.ts';
import { StreamRelay } from './stream-relay.ts';
import type { Upstream } from './upstream.ts';

type ResponseHeaders = Record<string, string | string[] | undefined>;

const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const MAX_ERROR_BYTES = 256 * 1024;
const NOT_IN_HEADERS = /[^\x20-\x7e]/g;

interface CompletionParts {
  call: Call;
  envelope: Envelope;
  meter: Meter;
  upstream: Upstream;
  upstreamRequest: UpstreamRequest;
  allowance: Allowance | null;
  log: Logger;
  onEnd: () => void;
}

/**
 * One chat completion between its client and a provider. It ends exactly once: answered, failed, left by the client, or
 * stopped by us; nothing that the provider says after that matters.
 */
export class Completion implements Dispatcher.DispatchHandler {
  readonly meter: Meter;
  readonly #parts: CompletionParts;
  #controller: Dispatcher.DispatchController | undefined;
  #isOver = false;
  #status = 0;
  #headers: ResponseHeaders = {};
  #collected: Buffer[] = [];
  #collectedBytes = 0;
  #relay: StreamRelay | undefined;

  constructor(parts: CompletionParts) {
    this.#parts = parts;
    this.meter = parts.meter;
  }

  start(): void {
    const { call, envelope, upstream } = this.#parts;
    // One turn later: what the provider has sent until now is read, and counted, before it is told to stop.
    call.onGone(() => setImmediate(() => this.#leave()));
    const { model, isStream } = envelope;
    call.headers['x-gateway-provider'] = upstream.provider.name;
    call.headers['x-gateway-model'] = model.replace(NOT_IN_HEADERS, '?');
    Object.assign(call.headers, allowanceHeaders(this.#parts.allowance));
    upstream.dispatch('POST', this.#parts.upstreamRequest, this, { isStream });
  }

  /** The process ends before the answer does. */
  stop(): void {
    this.#breakOff(restarting, 'stopped');
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#isOver) return controller.abort(new Error('The client left before the request was sent.'));
    this.#controller = controller;
    this.meter.sent();
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: ResponseHeaders): void {
    if (this.#isOver || status < 200) return;
    this.#status = status;
    this.#headers = headers;
    if (status !== 200 || !this.#parts.envelope.isStream) return;
    if (String(headers['content-type']).includes('text/event-stream')) this.#relay = this.#startRelay();
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isOver) return;
    if (this.#relay) return this.#relay.push(chunk);
    this.#collected.push(chunk);
    this.#collectedBytes += chunk.length;
    if (this.#collectedBytes > (this.#status === 200 ? MAX_ANSWER_BYTES : MAX_ERROR_BYTES))
      this.#breakOff(upstreamBroken, 'broken');
  }

  onResponseEnd(): void {
    if (this.#isOver) return;
    if (this.#relay) return this.#relay.end();
    const body = Buffer.concat(this.#collected);
    if (this.#status === 200) this.#answer(body);
    else
      this.#fail(this.#parts.upstream.provider.readError(this.#status, this.#headers, body), `status_${this.#status}`);
  }

  onResponseError(_: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.#isOver) return;
    const isTimeout = error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError;
    const wasReached = this.#controller !== undefined && !(error instanceof errors.ConnectTimeoutError);
    this.#parts.log.warn({ err: error, ...this.#parts.call.names }, 'the provider failed');
    if (isTimeout) this.#breakOff(upstreamTimeout, 'timeout');
    else this.#breakOff(wasReached ? upstreamDisconnected : upstreamUnreachable, 'disconnected');
  }

  #startRelay(): StreamRelay {
    const { call, envelope, meter, upstream } = this.#parts;
    return new StreamRelay({
      call,
      meter,
      provider: upstream.provider,
      wantsUsage: envelope.wantsUsage,
      pause: () => this.#controller?.pause(),
      resume: () => this.#controller?.resume(),
      onDone: () => this.#end(),
      onError: (error) => {
        this.#abortUpstream();
        this.#fail(error, 'stream_error');
      },
      onBroken: (error) => this.#breakOff(error, 'broken'),
    });
  }

  #answer(body: Buffer): void {
    const { call, meter, upstream } = this.#parts;
    const answer = upstream.provider.readAnswer(body);
    if (!answer) return this.#breakOff(upstreamBroken, 'broken');
    meter.delivered(answer.textLength);
    meter.reported(answer.usage);
    meter.firstByte();
    const record = meter.settle('completed');
    call.response.writeHead(200, {
      ...call.headers,
      'content-type': 'application/json',
      'content-length': body.length,
      'x-gateway-cost-usd': usd(record?.costNanoUsd ?? 0),
    });
    call.response.end(body);
    this.#end();
  }

  /** The provider said no. Before the first byte that is the answer, and it costs nothing. */
  #fail(error: UpstreamError, reason: string): void {
    const { call, meter, log } = this.#parts;
    if (error.isOurs) log.warn({ ...call.names, reason, code: error.body.code }, 'the provider refused');
    if (this.#relay?.hasBegun) {
      meter.settle('cut');
      this.#relay.finishWith(error);
    } else {
      meter.release(reason);
      call.fail(error);
    }
    this.#end();
  }

  #breakOff(error: GatewayError, reason: string): void {
    if (this.#isOver) return;
    this.#abortUpstream();
    this.#fail({ ...error, isOurs: false }, reason);
  }

  /** The client left. What the provider made until now is billed, if it was asked at all. */
  #leave(): void {
    if (this.#isOver) return;
    this.#abortUpstream();
    if (this.#controller) this.#parts.meter.settle('aborted');
    else this.#parts.meter.release('left_before_start');
    this.#end();
  }

  /** Also marks the end: what the abort itself reports is of no interest. */
  #abortUpstream(): void {
    this.#isOver = true;
    this.#controller?.abort(new Error('No longer wanted.'));
  }

  #end(): void {
    this.#isOver = true;
    this.#relay?.stop();
    this.#collected = [];
    this.#parts.onEnd();
  }
}
