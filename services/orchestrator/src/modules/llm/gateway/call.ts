import type { IncomingMessage, ServerResponse } from 'node:http';
import { newId } from '#core/ids.ts';
import type { GatewayError } from './errors.ts';
import { type ErrorShape, answerError, commonHeaders } from './respond.ts';

/** One request and its client, who may leave at any moment. */
export class Call {
  readonly requestId = newId('request');
  readonly startedAt = performance.now();
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly headers: Record<string, string | number>;
  /** Known once the key is. */
  tenantId: string | undefined;
  errorShape: ErrorShape = 'openai';
  #isGone = false;
  #onGone: (() => void) | undefined;

  /** Must be made before the first await: whoever leaves earlier would go unnoticed. */
  constructor(request: IncomingMessage, response: ServerResponse) {
    this.request = request;
    this.response = response;
    this.headers = commonHeaders(this.requestId, request.headers.origin !== undefined);
    response.on('error', () => undefined);
    response.on('close', () => {
      if (response.writableFinished) return;
      this.#isGone = true;
      this.#onGone?.();
    });
  }

  /** To be asked again after every await. */
  get isGone(): boolean {
    return this.#isGone;
  }

  onGone(listener: () => void): void {
    this.#onGone = listener;
  }

  fail(error: GatewayError): void {
    answerError(this.response, error, this.headers, this.errorShape);
  }

  /** What every log line about this request says. */
  get names(): { requestId: string; tenantId: string | undefined } {
    return { requestId: this.requestId, tenantId: this.tenantId };
  }

  get elapsedMs(): number {
    return Math.round(performance.now() - this.startedAt);
  }
}
