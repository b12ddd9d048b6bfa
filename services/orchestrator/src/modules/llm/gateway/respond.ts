import type { IncomingMessage, ServerResponse } from 'node:http';
import { NANO_PER_USD } from '#core/money.ts';
import type { Allowance, Allowances } from '../limits/limiter.ts';
import type { GatewayError } from './errors.ts';

/** Ready for Node. */
export type Headers = Record<string, string | number>;

const EXPOSED = [
  'x-request-id',
  'retry-after',
  'retry-after-ms',
  'x-should-retry',
  'x-ratelimit-limit-requests',
  'x-ratelimit-remaining-requests',
  'x-ratelimit-reset-requests',
  'x-ratelimit-limit-tokens',
  'x-ratelimit-remaining-tokens',
  'x-ratelimit-reset-tokens',
  'x-gateway-provider',
  'x-gateway-model',
  'x-gateway-cost-usd',
  'x-gateway-fallback',
  'x-gateway-cache',
].join(', ');
const PREFLIGHT_AGE_S = '7200';

/** Anybody's page may call: the key is in a header that only our own clients know, never in a cookie. */
export function commonHeaders(requestId: string, isFromPage: boolean): Headers {
  if (!isFromPage) return { 'x-request-id': requestId };
  return {
    'x-request-id': requestId,
    'access-control-allow-origin': '*',
    'access-control-expose-headers': EXPOSED,
  };
}

export function answerPreflight(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(204, {
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET, POST, OPTIONS',
    'access-control-allow-headers': String(
      request.headers['access-control-request-headers'] ?? 'authorization, content-type',
    ),
    'access-control-max-age': PREFLIGHT_AGE_S,
    vary: 'access-control-request-headers',
  });
  response.end();
}

export function answerError(response: ServerResponse, error: GatewayError, headers: Headers, shape: ErrorShape): void {
  if (response.headersSent || response.destroyed) return;
  const json = errorJson(error, shape);
  const own: Headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) };
  if (error.retryAfterS !== undefined) {
    own['retry-after'] = error.retryAfterS;
    own['retry-after-ms'] = error.retryAfterS * 1000;
  }
  if (error.shouldRetry === false) own['x-should-retry'] = 'false';
  response.writeHead(error.status, { ...headers, ...own });
  response.end(json);
}

export type ErrorShape = 'openai' | 'anthropic';

/** https://docs.anthropic.com/en/api/errors */
const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
};

export function errorJson({ status, body }: GatewayError, shape: ErrorShape): string {
  if (shape === 'openai') return JSON.stringify({ error: body });
  const type = ANTHROPIC_TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error');
  return JSON.stringify({ type: 'error', error: { type, message: body.message } });
}

/** How a stream that has begun says that it will not end well; nothing comes after it. */
export const errorEvent = (error: GatewayError, shape: ErrorShape): string =>
  `${shape === 'anthropic' ? 'event: error\n' : ''}data: ${errorJson(error, shape)}\n\n`;

export function addAllowances(headers: Headers, { requests, tokens }: Allowances): void {
  if (requests) addAllowance(headers, 'requests', requests);
  if (tokens) addAllowance(headers, 'tokens', tokens);
}

function addAllowance(headers: Headers, what: 'requests' | 'tokens', { limit, remaining, resetMs }: Allowance): void {
  const names = ALLOWANCE_HEADERS[what];
  headers[names.limit] = limit;
  headers[names.remaining] = remaining;
  headers[names.reset] = duration(resetMs);
}

const namesFor = (what: string) => ({
  limit: `x-ratelimit-limit-${what}`,
  remaining: `x-ratelimit-remaining-${what}`,
  reset: `x-ratelimit-reset-${what}`,
});
const ALLOWANCE_HEADERS = { requests: namesFor('requests'), tokens: namesFor('tokens') };

/** As OpenAI writes it: `120ms`, `6s`, `1h2m3s`. */
function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.ceil(ms))}ms`;
  const seconds = Math.ceil(ms / 1000);
  const parts = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor((seconds % 3600) / 60), 'm'],
    [seconds % 60, 's'],
  ] as const;
  const first = parts.findIndex(([value]) => value > 0);
  return parts
    .slice(first)
    .map(([value, unit]) => `${value}${unit}`)
    .join('');
}

/** Exact: 0.000034500 and never 3.45e-5. */
export function usd(nano: number): string {
  return `${Math.floor(nano / NANO_PER_USD)}.${String(nano % NANO_PER_USD).padStart(9, '0')}`;
}

/** More is not worth the copy. */
export const ONE_WRITE_BYTES = 16 * 1024;

/** Bytes as a text, one character each, whatever they mean: Node sends headers and a text in one write. */
export type Latin1 = string;

/** A client that takes nothing of its answer for this long is gone; Node would keep it for ever. */
export const STALL_MS = 120_000;

export function endWith(response: ServerResponse, body: Buffer | Latin1, stallMs = STALL_MS): void {
  if (typeof body === 'string') return void response.end(body, 'latin1');
  if (body.length <= ONE_WRITE_BYTES) return void response.end(body.toString('latin1'), 'latin1');
  response.setTimeout(stallMs, () => response.destroy());
  response.end(body);
}

/** The end of a stream; what the client has not taken by then has as long as the rest of it had. */
export function endStream(response: ServerResponse, last = '', stallMs = STALL_MS): void {
  response.end(last);
  if (response.writableLength > 0) response.setTimeout(stallMs, () => response.destroy());
}

export function sendJson(response: ServerResponse, headers: Headers, body: unknown): void {
  const json = JSON.stringify(body);
  response.writeHead(200, {
    ...headers,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(json),
  });
  response.end(json);
}

/** Nothing on the way may hold a stream back or pack it. */
export const STREAM_HEADERS: Readonly<Headers> = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
};
