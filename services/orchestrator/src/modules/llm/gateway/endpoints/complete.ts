import type { Principal } from '../../keys/principal.ts';
import type { Decision } from '../../limits/limiter.ts';
import type { RoutePlan } from '../../routing/route-plan.ts';
import { estimatePrompt, reservedUsage } from '../../usage/estimate.ts';
import { authenticate, checkPrincipal, mayUse, presentedKey } from '../authenticate.ts';
import type { Call } from '../call.ts';
import { Completion } from '../completion.ts';
import { freeProviderUnavailable, modelNotFound, noProvider, overloaded, tooDeep, unavailable } from '../errors.ts';
import type { Facts } from '../facts.ts';
import type { HeldBody } from '../held-bodies.ts';
import { Meter } from '../meter.ts';
import type { ServingParts } from '../parts.ts';
import { readBody } from '../read-body.ts';
import { refusalError } from '../refusals.ts';
import { Caching, answerFromCache } from '../response-caching.ts';
import { Refused } from '../refused.ts';
import { addAllowances } from '../respond.ts';
import { type Envelope, isEnvelope } from '../surfaces/envelope.ts';
import type { SurfaceSpec } from '../surfaces/surfaces.ts';

/** Requests that belong together may ask for the same provider. */
const STICKY = 'x-gateway-session';

interface Options {
  /** The body in the surface's own words, when the client spoke others. */
  translate?: (rawBody: Buffer, principal: Principal) => Buffer;
  present?: (body: Buffer, facts: Facts) => Buffer;
}

/** One request of any surface, from its key to the start of its answer. */
export async function complete(
  parts: ServingParts,
  call: Call,
  surface: SurfaceSpec,
  options: Options = {},
): Promise<void> {
  call.errorShape = surface.errors;
  const key = presentedKey(call);
  const known = authenticate(parts, call, key, surface.scope);
  const principal = known instanceof Promise ? await known : known;
  if (parts.upstreams.size === 0) throw new Refused(noProvider);
  const held = parts.bodies.of(principal.tenantId);
  if (parts.shedder.isOverloaded() || !held.grow(announcedBytes(call))) {
    parts.metrics.shed.inc();
    throw new Refused(overloaded);
  }
  let isUnderWay = false;
  try {
    isUnderWay = await begin(parts, call, { key, surface, principal, options, held });
  } finally {
    if (!isUnderWay) held.letGo();
  }
}

const announcedBytes = ({ request }: Call) => Number(request.headers['content-length'] ?? 0);

interface Beginning {
  key: string;
  surface: SurfaceSpec;
  principal: Principal;
  options: Options;
  /** To be let go at the end of what is under way. */
  held: HeldBody;
}

/** False when there is nothing under way after it. */
async function begin(parts: ServingParts, call: Call, beginning: Beginning): Promise<boolean> {
  const { key, surface, principal, options, held } = beginning;
  const rawBody = await readBody(call.request, held);
  if (rawBody === undefined) return false;
  if (!Buffer.isBuffer(rawBody)) throw new Refused(rawBody);
  const envelope = surface.read(options.translate?.(rawBody, principal) ?? rawBody);
  if (!isEnvelope(envelope)) throw new Refused(envelope);
  const promptEstimate = estimate(envelope);
  const caching = Caching.of(parts, call, principal, envelope);
  const admitted = await admit(parts, call, { key, surface, envelope, promptEstimate, principal });
  const { reservation, isBudgetFallback } = admitted.decision;
  const { principal: current } = admitted;
  const meter = new Meter(parts, { call, envelope, principal: current, reservation, isBudgetFallback, promptEstimate });
  const hit = await caching?.lookup();
  if (call.isGone) {
    meter.release('left_before_start');
    return false;
  }
  if (hit) {
    const { lastEvent } = surface;
    answerFromCache(parts, hit, { call, meter, envelope, lastEvent, present: options.present });
    return false;
  }
  return run(parts, call, { ...beginning, envelope, meter, admitted, caching });
}

interface Asked {
  key: string;
  surface: SurfaceSpec;
  envelope: Envelope;
  promptEstimate: number;
  principal: Principal;
}

interface Admitted {
  principal: Principal;
  plan: RoutePlan;
  decision: Extract<Decision, { kind: 'granted' }>;
}

/** What may be stale: the key's rights, and the routes. Each is read again once when the reserving call says so. */
const MAX_ROUNDS = 3;

/** The one round trip before a provider is called; another one only when something has just been changed. */
async function admit(parts: ServingParts, call: Call, asked: Asked): Promise<Admitted> {
  const { key, surface, envelope, promptEstimate } = asked;
  let { principal } = asked;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const plan = planFor(parts, principal, envelope);
    const decision = await reserve(parts, call, principal, plan, envelope, promptEstimate);
    if (decision.kind === 'granted') {
      addAllowances(call.headers, decision.allowances);
      return { principal, plan, decision };
    }
    if (decision.kind === 'refused') {
      addAllowances(call.headers, decision.allowances);
      throw new Refused(refusalError(decision));
    }
    if (decision.what === 'config') await parts.router.reload();
    else {
      const again = await parts.principals.again(key);
      checkPrincipal(again, surface.scope);
      principal = again;
    }
  }
  throw new Refused(unavailable('key store'));
}

function planFor({ router }: ServingParts, principal: Principal, envelope: Envelope): RoutePlan {
  const plan = mayUse(principal, envelope.model)
    ? router.plan(principal.limits.tier, envelope.model, envelope.surface)
    : undefined;
  if (!plan) throw new Refused(modelNotFound(envelope.model));
  return plan;
}

async function reserve(
  { limiter, prices, router, ctx }: ServingParts,
  call: Call,
  principal: Principal,
  { dearest, counter }: RoutePlan,
  envelope: Envelope,
  promptEstimate: number,
): Promise<Decision> {
  const { LLM_RESERVED_COMPLETION_TOKENS: most } = ctx.config;
  const usage = reservedUsage(promptEstimate, Math.min(envelope.maxCompletionTokens ?? most, most) * envelope.choices);
  try {
    return await limiter.reserve({
      requestId: call.requestId,
      principal,
      configVersion: router.version,
      counter,
      costNanoUsd: dearest === null ? 0 : prices.cost(dearest, false, usage).costNanoUsd,
      tokens: usage.promptTokens + usage.completionTokens,
    });
  } catch (error) {
    ctx.log.warn({ err: error, ...call.names }, 'nothing could be reserved');
    throw new Refused(unavailable('limit store'));
  }
}

interface Run extends Beginning {
  envelope: Envelope;
  meter: Meter;
  admitted: Admitted;
  caching: Caching | undefined;
}

function run(parts: ServingParts, call: Call, asked: Run): boolean {
  const { envelope, meter, surface, options, caching, held } = asked;
  const { principal, plan, decision } = asked.admitted;
  const { isBudgetFallback, ticket } = decision;
  const chosen = isBudgetFallback ? parts.router.freePlan(envelope.model, envelope.surface) : plan;
  if (!chosen) {
    meter.release('no_provider');
    throw new Refused(freeProviderUnavailable);
  }
  const session = call.request.headers[STICKY];
  const order = typeof session === 'string' ? chosen.sticky(`${principal.tenantId}/${session}`) : chosen.order(ticket);
  const completion = new Completion(parts, {
    call,
    envelope,
    meter,
    order,
    lastEvent: surface.lastEvent,
    ...(options.present && { present: options.present }),
    caching,
    onEnd: () => {
      parts.live.delete(completion);
      held.letGo();
    },
  });
  parts.live.add(completion);
  completion.start();
  return true;
}

function estimate(envelope: Envelope): number {
  try {
    return estimatePrompt(envelope.body);
  } catch (error) {
    if (error instanceof RangeError) throw new Refused(tooDeep);
    throw error;
  }
}
