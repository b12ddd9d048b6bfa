import type { ServerResponse } from 'node:http';
import type { z } from 'zod';
import type { Fault } from '../kernel/faults.ts';
import type { Refusal } from '../kernel/stand-in.ts';
import { sendJson } from '../llm/errors.ts';

/** https://platform.claude.com/docs/en/api/errors */
const WORDINGS: Record<number, [type: string, message: string]> = {
  400: ['invalid_request_error', 'There was an issue with the format or content of your request.'],
  401: ['authentication_error', 'invalid x-api-key'],
  403: ['permission_error', 'Your API key does not have permission to use the specified resource.'],
  404: ['not_found_error', 'The requested resource could not be found.'],
  413: ['request_too_large', 'Request exceeds the maximum allowed number of bytes.'],
  429: ['rate_limit_error', 'This request would exceed your organization’s rate limit.'],
  529: ['overloaded_error', 'Overloaded'],
};

export const envelope = (type: string, message: string) => ({
  type: 'error',
  error: { type, message },
  request_id: 'req_sandbox',
});

export function sendError(response: ServerResponse, status: number, message?: string): void {
  const [type, usual] = wordingOf(status);
  sendJson(response, status, envelope(type, message ?? usual));
}

/** `messages.0.content: …`, as Anthropic says it. */
export function sayWrong(error: z.ZodError): string {
  const [issue] = error.issues;
  const where = issue?.path.join('.') ?? '';
  if (issue?.code !== 'unrecognized_keys') return `${where}: ${issue?.message ?? 'malformed'}`;
  return `${[where, issue.keys[0]].filter(Boolean).join('.')}: Extra inputs are not permitted`;
}

/** Its `ms` becomes `retry-after` (whole seconds, at least one) of a 429 or 529. */
export function refusal(status: number, fault: Fault): Refusal {
  const isTemporary = status === 429 || status === 529;
  const retryAfterS = Math.ceil(Math.max(1000, fault.ms ?? 1000) / 1000);
  return {
    ...(isTemporary && { headers: { 'retry-after': String(retryAfterS) } }),
    body: envelope(...wordingOf(status)),
  };
}

const wordingOf = (status: number) => WORDINGS[status] ?? (['api_error', 'Internal server error'] as const);
