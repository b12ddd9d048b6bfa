import type { Principal } from '../keys/principal.ts';
import type { Decision, ReserveRequest } from '../limits/limiter.ts';
import type { RoutePlan } from '../routing/route-plan.ts';
import { reservedUsage } from '../usage/estimate.ts';
import { checkPrincipal, mayUse } from './authenticate.ts';
import type { Call } from './call.ts';
import { modelNotFound, unavailable } from './errors.ts';
import type { ServingParts } from './parts.ts';
import { refusalError } from './refusals.ts';
import { Refused } from './refused.ts';
import { addAllowances } from './respond.ts';
import type { Envelope } from './surfaces/envelope.ts';
import type { SurfaceSpec } from './surfaces/surfaces.ts';

export interface Asked {
  call: Call;
  key: string;
  surface: SurfaceSpec;
  envelope: Envelope;
  promptEstimate: number;
  principal: Principal;
}

export interface Admitted {
  principal: Principal;
  plan: RoutePlan;
  decision: Extract<Decision, { kind: 'granted' }>;
}

/** What may be stale: the key's rights, and the routes. Each is read again once when the reserving call says so. */
const MAX_ROUNDS = 3;

/** The one round trip before a provider is called; another one only when something has just been changed. */
export async function admit(parts: ServingParts, asked: Asked): Promise<Admitted> {
  const { call, key, surface, envelope } = asked;
  let { principal } = asked;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const plan = planFor(parts, principal, envelope);
    let decision: Decision;
    try {
      decision = await parts.limiter.reserve(requestOf(parts, asked, principal, plan));
    } catch (error) {
      parts.ctx.log.warn({ err: error, ...call.names }, 'nothing could be reserved');
      throw new Refused(unavailable('limit store'));
    }
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

function requestOf(
  { prices, router, ctx }: ServingParts,
  { call, envelope, promptEstimate }: Asked,
  principal: Principal,
  { dearest, counter }: RoutePlan,
): ReserveRequest {
  const { LLM_RESERVED_COMPLETION_TOKENS: most } = ctx.config;
  const usage = reservedUsage(promptEstimate, Math.min(envelope.maxCompletionTokens ?? most, most) * envelope.choices);
  return {
    requestId: call.requestId,
    principal,
    configVersion: router.version,
    counter,
    costNanoUsd: dearest === null ? 0 : prices.cost(dearest, false, usage).costNanoUsd,
    tokens: usage.promptTokens + usage.completionTokens,
  };
}
