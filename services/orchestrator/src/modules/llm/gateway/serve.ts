import type { IncomingMessage, ServerResponse } from 'node:http';
import { isDatabaseDown } from '#core/db/connect.ts';
import { isRedisDown } from '#core/redis.ts';
import { Call } from './call.ts';
import { complete } from './endpoints/complete.ts';
import { chatV2, modelsV2 } from './endpoints/first-clients.ts';
import { getModel, listModels } from './endpoints/models.ts';
import { showUsage } from './endpoints/usage.ts';
import {
  type GatewayError,
  internalError,
  methodNotAllowed,
  overloaded,
  restarting,
  unavailable,
  unknownUrl,
} from './errors.ts';
import type { ServingParts } from './parts.ts';
import { TooManyLookups } from './principals.ts';
import { discard } from './read-body.ts';
import { Refused } from './refused.ts';
import { answerPreflight } from './respond.ts';
import { surfaceAt } from './surfaces/surfaces.ts';

type Answer = (parts: ServingParts, call: Call, path: string) => Promise<void>;
interface Endpoint {
  method: 'GET' | 'POST';
  answer: Answer;
}

const ENDPOINTS = new Map<string, Endpoint>([
  ...[...surfaceAt].map(([path, surface]): [string, Endpoint] => [
    path,
    { method: 'POST', answer: (parts, call) => complete(parts, call, surface) },
  ]),
  ['/v1/models', { method: 'GET', answer: listModels }],
  ['/v1/usage', { method: 'GET', answer: showUsage }],
  ['/api/v2/chat', { method: 'POST', answer: chatV2 }],
  ['/api/v2/models', { method: 'GET', answer: modelsV2 }],
]);
const ONE_MODEL = '/v1/models/';
const oneModel: Endpoint = {
  method: 'GET',
  answer: (parts, call, path) => getModel(parts, call, decodePath(path.slice(ONE_MODEL.length))),
};

export function serve(parts: ServingParts, request: IncomingMessage, response: ServerResponse): void {
  if (request.method === 'OPTIONS') return answerPreflight(request, response);
  const call = new Call(request, response);
  try {
    answer(parts, call).catch((error: unknown) => refuse(parts, call, error));
  } catch (error) {
    refuse(parts, call, error);
  }
}

/** @throws {Refused} whatever can be refused at once. */
function answer(parts: ServingParts, call: Call): Promise<void> {
  const { method = 'GET', url = '/' } = call.request;
  const path = pathOf(url);
  if (parts.isStopping) {
    call.headers['connection'] = 'close';
    throw new Refused(restarting);
  }
  const endpoint = ENDPOINTS.get(path) ?? (path.startsWith(ONE_MODEL) ? oneModel : undefined);
  if (!endpoint) throw new Refused(unknownUrl(method, path));
  if (endpoint.method !== method) throw new Refused(methodNotAllowed(method, path));
  return endpoint.answer(parts, call, path);
}

function refuse(parts: ServingParts, call: Call, error: unknown): void {
  const refusal = refusalOf(parts, call, error);
  parts.metrics.refused.inc({ status: refusal.status });
  if (!call.request.complete) discard(call.request);
  call.fail(refusal);
}

function pathOf(url: string): string {
  const end = url.indexOf('?');
  return end < 0 ? url : url.slice(0, end);
}

function refusalOf({ ctx }: ServingParts, call: Call, error: unknown): GatewayError {
  if (error instanceof Refused) return error.error;
  if (error instanceof TooManyLookups) return overloaded;
  if (isDatabaseDown(error) || isRedisDown(error)) {
    ctx.log.warn({ err: error, ...call.names }, 'a store is away');
    return unavailable('key store');
  }
  ctx.log.error({ err: error, ...call.names }, 'a request failed');
  return internalError;
}

function decodePath(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
