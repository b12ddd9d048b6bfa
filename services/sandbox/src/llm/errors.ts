import type { ServerResponse } from 'node:http';
import type { z } from 'zod';
import type { Fault } from '../kernel/faults.ts';
import type { Refusal } from '../kernel/stand-in.ts';

interface ApiError {
  status: number;
  type: string;
  message: string;
  code: string | null;
  param?: string | null;
}

export function sendError(response: ServerResponse, { status, ...error }: ApiError): void {
  sendJson(response, status, { error: { param: null, ...error } });
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const json = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) });
  response.end(json);
}

export const invalidKey = {
  status: 401,
  type: 'invalid_request_error',
  message: 'Incorrect API key provided.',
  code: 'invalid_api_key',
} as const;

export function unknownModel(model: string): ApiError {
  const message = `The model \`${model}\` does not exist or you do not have access to it.`;
  return { status: 404, type: 'invalid_request_error', message, code: 'model_not_found', param: 'model' };
}

export function invalidRequest(error: z.ZodError): ApiError {
  const [issue] = error.issues;
  const param = issue?.path.join('.') || null;
  const message = `Invalid value${param ? ` for '${param}'` : ''}: ${issue?.message ?? 'malformed'}.`;
  return { status: 400, type: 'invalid_request_error', message, code: 'invalid_value', param };
}

export function unknownUrl(method: string, path: string): ApiError {
  return { status: 404, type: 'invalid_request_error', message: `Invalid URL (${method} ${path})`, code: null };
}

export const unreadableBody = {
  status: 400,
  type: 'invalid_request_error',
  message: 'We could not parse the JSON body of your request.',
  code: null,
} as const;

const WORDINGS: Record<number, Omit<ApiError, 'status'>> = {
  401: invalidKey,
  402: { type: 'insufficient_quota', message: 'Insufficient credits.', code: 'insufficient_quota' },
  429: { type: 'requests', message: 'Rate limit reached. Please try again later.', code: 'rate_limit_exceeded' },
  503: { type: 'server_error', message: 'The engine is currently overloaded.', code: 'overloaded' },
};

/** OpenAI's envelope for the fault `status`; its `ms` becomes `retry-after` (whole seconds, at least one) of a 429 or 503. */
export function refusal(status: number, fault: Fault): Refusal {
  const wording = WORDINGS[status] ?? { type: 'server_error', message: 'The server had an error.', code: null };
  const isTemporary = status === 429 || status === 503;
  const retryAfterMs = Math.max(1000, fault.ms ?? 1000);
  return {
    ...(isTemporary && {
      headers: { 'retry-after': String(Math.ceil(retryAfterMs / 1000)), 'retry-after-ms': String(retryAfterMs) },
    }),
    body: {
      error: { message: wording.message, type: wording.type, param: wording.param ?? null, code: wording.code },
    },
  };
}
