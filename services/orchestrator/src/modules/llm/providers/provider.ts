import type { RequestBody } from '../body/request-body.ts';
import type { ErrorBody } from '../gateway/errors.ts';

/** The APIs that clients may speak to the gateway, by their path under /v1. */
export const SURFACES = ['chat', 'embeddings', 'responses', 'messages'] as const;
export type Surface = (typeof SURFACES)[number];

/** What a provider says that a request used. Parts are included in their whole, whatever the provider's own way. */
export interface TokenUsage {
  promptTokens: number;
  /** Part of the prompt: read from the provider's prompt cache. */
  cachedTokens: number;
  /** Part of the prompt: written to that cache, which some providers charge more for. */
  cacheWriteTokens: number;
  completionTokens: number;
  /** Part of the completion. */
  reasoningTokens: number;
  /** Part of the prompt. */
  audioPromptTokens: number;
  /** Part of the completion. */
  audioCompletionTokens: number;
  /** What the provider itself says that it costs; null = it does not say, NaN = what it says cannot be. */
  costNanoUsd: number | null;
}

/** What is asked of a provider for one request. */
export interface UpstreamCall {
  requestId: string;
  surface: Surface;
  /** As the provider calls it; its `model` is what the client asked for. */
  model: string;
  /** As the client sent it, every field. */
  body: RequestBody;
  isStream: boolean;
}

export interface UpstreamRequest {
  path: string;
  headers: Record<string, string>;
  body: Buffer | string;
}

/** Thrown by `request` when a client asks for what this provider's API has no words for: a 400 that names the field. */
export class Untranslatable extends Error {
  override readonly name = 'Untranslatable';
  readonly param: string;
  constructor(param: string, message: string) {
    super(message);
    this.param = param;
  }
}

/**
 * What one event of a stream says. `forward` is what the client gets for it, whole events in the client's dialect:
 * left out = the provider's own bytes, '' = nothing.
 */
export type StreamEvent =
  /** A comment, or something that carries no completion. */
  | { kind: 'other'; forward?: string }
  /** Part of the completion: its text, tool arguments and reasoning included. Usage may be on any of them. */
  | { kind: 'part'; text: string; isFinal: boolean; usage: TokenUsage | null; forward?: string }
  /** The prompt has been counted; what is said of the completion is not worth anything yet. Passed on like the others. */
  | { kind: 'prompt_usage'; usage: TokenUsage; forward?: string }
  /** Only there because usage was asked for: the client gets it only if it asked itself. */
  | { kind: 'usage'; usage: TokenUsage; forward?: string }
  | { kind: 'error'; error: UpstreamError }
  /** Nothing comes after it. */
  | { kind: 'done'; forward?: string }
  /** Not what the protocol allows. */
  | { kind: 'broken' };

/** Reads the events of one stream in their order; it may remember what it has seen of this stream. */
export type StreamReader = (event: Buffer) => StreamEvent | readonly StreamEvent[];

export interface Answer {
  usage: TokenUsage | null;
  /** What the model produced, in pieces, should there be no usage. */
  text: readonly string[];
  /** The answer in the client's dialect; left out = the provider's own bytes. */
  body?: Buffer;
}

export interface UpstreamError {
  status: number;
  body: ErrorBody;
  /** Seconds. */
  retryAfterS?: number;
  /** The client did nothing wrong and another provider may do better: a matter for the operator. */
  isOurs: boolean;
}

/** How one surface is spoken to one provider, as pure functions: no connection, no clock. */
export interface Dialect {
  /** @throws {Untranslatable} @throws {RangeError} when the body is nested too deeply to be written. */
  request(call: UpstreamCall): UpstreamRequest;
  /** Undefined when the body is not an answer. */
  readAnswer(body: Buffer, call: UpstreamCall): Answer | undefined;
  openStream(call: UpstreamCall): StreamReader;
}

export interface Provider {
  readonly name: string;
  /** As people write it. */
  readonly label: string;
  /** Base URL; paths of requests are appended to it. */
  readonly url: string;
  readonly dialects: Readonly<Partial<Record<Surface, Dialect>>>;
  readError(status: number, headers: Record<string, string | string[] | undefined>, body: Buffer): UpstreamError;
  /** Undefined when the provider has no list of models. */
  modelsRequest?(requestId: string): UpstreamRequest;
  /** Undefined when the body is not a list of models. */
  readModels?(body: Buffer): { id: string; created: number; ownedBy: string }[] | undefined;
}
