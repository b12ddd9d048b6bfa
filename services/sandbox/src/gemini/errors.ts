import type { ServerResponse } from 'node:http';
import type { z } from 'zod';
import type { Fault } from '../kernel/faults.ts';
import type { Refusal } from '../kernel/stand-in.ts';
import { sendJson } from '../llm/errors.ts';

/** https://ai.google.dev/gemini-api/docs/troubleshooting */
const WORDINGS: Record<number, [status: string, message: string]> = {
  400: ['INVALID_ARGUMENT', 'Request contains an invalid argument.'],
  403: ['PERMISSION_DENIED', 'The caller does not have permission.'],
  404: ['NOT_FOUND', 'The requested entity was not found.'],
  429: ['RESOURCE_EXHAUSTED', 'You exceeded your current quota, please check your plan.'],
  503: ['UNAVAILABLE', 'The model is overloaded. Please try again later.'],
};
const INFO = 'type.googleapis.com/google.rpc.';

export const envelope = (code: number, message?: string, details?: object[]) => {
  const [status, usual] = WORDINGS[code] ?? ['INTERNAL', 'An internal error has occurred.'];
  return { error: { code, message: message ?? usual, status, ...(details && { details }) } };
};

export function sendError(response: ServerResponse, code: number, message?: string): void {
  sendJson(response, code, envelope(code, message));
}

/** Said with 400, not 401. */
export function sendInvalidKey(response: ServerResponse): void {
  const details = [{ '@type': `${INFO}ErrorInfo`, reason: 'API_KEY_INVALID', domain: 'googleapis.com' }];
  sendJson(response, 400, envelope(400, 'API key not valid. Please pass a valid API key.', details));
}

export function sayWrong(error: z.ZodError): string {
  const [issue] = error.issues;
  const where =
    issue?.path
      .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
      .join('')
      .slice(1) ?? '';
  if (issue?.code !== 'unrecognized_keys') return `Invalid value at '${where}': ${issue?.message ?? 'malformed'}`;
  return `Invalid JSON payload received. Unknown name "${issue.keys[0]}" at '${where}': Cannot find field.`;
}

/** Its `ms` becomes the delay of a 429, in Google's way: in the body. */
export function refusal(status: number, fault: Fault): Refusal {
  const retryDelay = `${Math.max(1000, fault.ms ?? 1000) / 1000}s`;
  const details = status === 429 ? [{ '@type': `${INFO}RetryInfo`, retryDelay }] : undefined;
  return { body: envelope(status, undefined, details) };
}
