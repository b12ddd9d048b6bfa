import type { ErrorBody } from '../gateway/errors.ts';

export interface TokenUsage {
  promptTokens: number;
  /** Part of the prompt. */
  cachedTokens: number;
  completionTokens: number;
}

/** What is asked of a provider for one chat completion. */
export interface ChatCall {
  requestId: string;
  /** As the client sent it, every field. */
  rawBody: Buffer;
  body: Readonly<Record<string, unknown>>;
  isStream: boolean;
}

export interface UpstreamRequest {
  path: string;
  headers: Record<string, string>;
  body: Buffer | string;
}

/** What one event of a stream says. */
export type StreamEvent =
  /** A comment, or something that carries no completion. */
  | { kind: 'other' }
  /** Part of the completion; some providers put the usage on its last part. */
  | { kind: 'part'; textLength: number; isFinal: boolean; usage: TokenUsage | null }
  /** Only there because usage was asked for. */
  | { kind: 'usage'; usage: TokenUsage }
  | { kind: 'error'; error: UpstreamError }
  | { kind: 'done' }
  /** Not what the protocol allows. */
  | { kind: 'broken' };

export interface Answer {
  usage: TokenUsage | null;
  /** Characters of the completion, should there be no usage. */
  textLength: number;
}

export interface UpstreamError {
  status: number;
  body: ErrorBody;
  /** Seconds. */
  retryAfterS?: number;
  /** The client did nothing wrong and another provider may do better: a matter for the operator. */
  isOurs: boolean;
}

/** One provider's dialect, as pure functions: no connection, no clock, no state. */
export interface Provider {
  readonly name: string;
  /** Base URL; paths of requests are appended to it. */
  readonly url: string;
  chatRequest(call: ChatCall): UpstreamRequest;
  modelsRequest(requestId: string): UpstreamRequest;
  /** Undefined when the body is not an answer. */
  readAnswer(body: Buffer): Answer | undefined;
  readEvent(event: Buffer): StreamEvent;
  readError(status: number, headers: Record<string, string | string[] | undefined>, body: Buffer): UpstreamError;
  /** Undefined when the body is not a list of models. */
  readModels(body: Buffer): { id: string; created: number; ownedBy: string }[] | undefined;
}
