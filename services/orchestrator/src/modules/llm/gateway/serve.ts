import type { IncomingMessage, ServerResponse } from 'node:http';
import { isDatabaseDown } from '#core/db/connect.ts';
import { isRedisDown } from '#core/redis.ts';
import type { Principal } from '../keys/principal.ts';
import type { Decision } from '../limits/limiter.ts';
import { estimatePrompt } from '../usage/estimate.ts';
import { Call } from './call.ts';
import { Completion } from './completion.ts';
import { type Envelope, isEnvelope, readEnvelope } from './envelope.ts';
import {
  type GatewayError,
  expiredKey,
  internalError,
  invalidKey,
  methodNotAllowed,
  missingKey,
  modelNotFound,
  noProvider,
  overloaded,
  quotaUsedUp,
  rateLimited,
  restarting,
  tooDeep,
  unavailable,
  unknownUrl,
  upstreamUnreachable,
} from './errors.ts';
import { Meter, type MeterParts } from './meter.ts';
import type { Model, ModelList } from './models.ts';
import { type Principals, TooManyLookups } from './principals.ts';
import { discard, readBody } from './read-body.ts';
import { allowanceHeaders, answerPreflight } from './respond.ts';
import type { Upstream } from './upstream.ts';

export interface ServingParts extends MeterParts {
  principals: Principals;
  /** Without one there is nobody to ask. */
  upstream: Upstream | undefined;
  models: ModelList | undefined;
  live: Set<Completion>;
  isStopping: boolean;
}

/** A refusal on its way out of the steps that lead to a completion. */
class Refused extends Error {
  override readonly name = 'Refused';
  readonly error: GatewayError;
  constructor(error: GatewayError) {
    super(error.body.message);
    this.error = error;
  }
}

type Endpoint = { method: 'GET' | 'POST'; answer: (parts: ServingParts, call: Call, path: string) => Promise<void> };

const ENDPOINTS: Record<string, Endpoint> = {
  '/v1/chat/completions': { method: 'POST', answer: completeChat },
  '/v1/models': { method: 'GET', answer: listModels },
};
const ONE_MODEL = '/v1/models/';
const getModelEndpoint: Endpoint = { method: 'GET', answer: getModel };

export function serve(parts: ServingParts, request: IncomingMessage, response: ServerResponse): void {
  if (request.method === 'OPTIONS') return answerPreflight(request, response);
  const call = new Call(request, response);
  answer(parts, call).catch((error: unknown) => {
    const refusal = refusalOf(parts, call, error);
    parts.metrics.refused.inc({ status: refusal.status });
    if (!request.complete) discard(request);
    call.fail(refusal);
  });
}

async function answer(parts: ServingParts, call: Call): Promise<void> {
  const { method = 'GET', url = '/' } = call.request;
  const path = url.split('?', 1)[0] ?? '/';
  if (parts.isStopping) {
    call.headers['connection'] = 'close';
    throw new Refused(restarting);
  }
  const endpoint = ENDPOINTS[path] ?? (path.startsWith(ONE_MODEL) ? getModelEndpoint : undefined);
  if (!endpoint) throw new Refused(unknownUrl(method, path));
  if (endpoint.method !== method) throw new Refused(methodNotAllowed(method, path));
  await endpoint.answer(parts, call, path);
}

async function completeChat(parts: ServingParts, call: Call): Promise<void> {
  const key = presentedKey(call);
  const known = await authenticate(parts, key);
  call.tenantId = known.tenantId;
  const { upstream } = parts;
  if (!upstream) throw new Refused(noProvider);
  const rawBody = await readBody(call.request);
  if (rawBody === undefined) return;
  if (!Buffer.isBuffer(rawBody)) throw new Refused(rawBody);
  const envelope = readEnvelope(rawBody);
  if (!isEnvelope(envelope)) throw new Refused(envelope);
  if (!mayUse(known, envelope.model)) throw new Refused(modelNotFound(envelope.model));
  if (parts.live.size >= parts.ctx.config.LLM_MAX_LIVE_REQUESTS) throw new Refused(overloaded);

  // Whatever may fail fails before something is reserved.
  const prepared = prepare(upstream, call, envelope);
  const { decision, principal } = await reserve(parts, call, key, known);
  if (decision.kind === 'refused') {
    Object.assign(call.headers, allowanceHeaders(decision.allowance));
    throw new Refused(refusalFor(decision));
  }
  const { reservation, allowance } = decision;
  const { live, ctx } = parts;
  const { promptEstimate, upstreamRequest } = prepared;
  const provider = upstream.provider.name;
  const meter = new Meter(parts, { call, envelope, principal, reservation, provider, promptEstimate });
  if (call.isGone || !mayUse(principal, envelope.model)) {
    meter.release('left_before_start');
    throw new Refused(modelNotFound(envelope.model));
  }
  const onEnd = () => live.delete(completion);
  const completion = new Completion({
    call,
    envelope,
    meter,
    upstream,
    upstreamRequest,
    allowance,
    log: ctx.log,
    onEnd,
  });
  live.add(completion);
  completion.start();
}

function prepare(upstream: Upstream, { requestId }: Call, envelope: Envelope) {
  try {
    const upstreamRequest = upstream.provider.chatRequest({ requestId, ...envelope });
    return { upstreamRequest, promptEstimate: estimatePrompt(envelope.body) };
  } catch (error) {
    if (error instanceof RangeError) throw new Refused(tooDeep);
    throw error;
  }
}

interface Reserved {
  decision: Exclude<Decision, { kind: 'stale' }>;
  principal: Principal;
}

/** The one round trip before the provider is called; a second one only when the key's rights have just changed. */
async function reserve(parts: ServingParts, call: Call, key: string, known: Principal): Promise<Reserved> {
  const decision = await ask(parts, call, known);
  if (decision.kind !== 'stale') return { decision, principal: known };
  const principal = await parts.principals.again(key);
  checkPrincipal(principal);
  const second = await ask(parts, call, principal);
  if (second.kind === 'stale') throw new Refused(unavailable('key store'));
  return { decision: second, principal };
}

async function ask({ limiter, ctx }: ServingParts, call: Call, principal: Principal): Promise<Decision> {
  try {
    return await limiter.reserve(call.requestId, principal);
  } catch (error) {
    ctx.log.warn({ err: error, ...call.names }, 'nothing could be reserved');
    throw new Refused(unavailable('limit store'));
  }
}

function refusalFor({ by, allowance, retryAfterMs }: Extract<Decision, { kind: 'refused' }>): GatewayError {
  const retryAfterS = Math.max(1, Math.ceil(retryAfterMs / 1000));
  return by === 'day'
    ? quotaUsedUp(allowance.limit, retryAfterS, new Date(Date.now() + retryAfterMs))
    : rateLimited(allowance.limit, retryAfterS);
}

async function listModels(parts: ServingParts, call: Call): Promise<void> {
  const data = await modelsOf(parts, call);
  sendJson(call, { object: 'list', data });
}

async function getModel(parts: ServingParts, call: Call, path: string): Promise<void> {
  const id = decodePath(path.slice(ONE_MODEL.length));
  const model = (await modelsOf(parts, call)).find((model) => model.id === id);
  if (!model) throw new Refused(modelNotFound(id));
  sendJson(call, model);
}

async function modelsOf(parts: ServingParts, call: Call): Promise<Model[]> {
  const principal = await authenticate(parts, presentedKey(call));
  call.tenantId = principal.tenantId;
  if (!parts.models) throw new Refused(noProvider);
  const models = await parts.models.get(call.requestId).catch((error: unknown) => {
    parts.ctx.log.warn({ err: error, ...call.names }, 'the provider’s models are not known');
    throw new Refused(upstreamUnreachable);
  });
  return models.filter(({ id }) => mayUse(principal, id));
}

function presentedKey(call: Call): string {
  const key = /^Bearer +(\S+)$/i.exec(call.request.headers.authorization ?? '')?.[1];
  if (key === undefined) throw new Refused(missingKey);
  return key;
}

async function authenticate({ principals }: ServingParts, key: string): Promise<Principal> {
  const found = principals.of(key);
  const principal = found instanceof Promise ? await found : found;
  checkPrincipal(principal);
  return principal;
}

function checkPrincipal(principal: Principal | null): asserts principal is Principal {
  if (!principal) throw new Refused(invalidKey);
  if (principal.expiresAtMs !== null && principal.expiresAtMs <= Date.now()) throw new Refused(expiredKey);
}

const mayUse = ({ models }: Principal, model: string): boolean => models === null || models.includes(model);

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

function sendJson({ response, headers }: Call, body: unknown): void {
  const json = JSON.stringify(body);
  response.writeHead(200, {
    ...headers,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(json),
  });
  response.end(json);
}

function decodePath(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
