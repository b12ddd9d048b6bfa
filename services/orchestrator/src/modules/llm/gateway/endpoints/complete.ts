import type { Principal } from '../../keys/principal.ts';
import { estimatePrompt } from '../../usage/estimate.ts';
import { type Admitted, type Asked, admit } from '../admit.ts';
import { authenticate, presentedKey } from '../authenticate.ts';
import type { Call } from '../call.ts';
import { Completion } from '../completion.ts';
import { freeProviderUnavailable, noProvider, overloaded, tooDeep } from '../errors.ts';
import type { Facts } from '../facts.ts';
import type { HeldBody } from '../held-bodies.ts';
import { Meter } from '../meter.ts';
import type { ServingParts } from '../parts.ts';
import { readBody } from '../read-body.ts';
import { Caching, answerFromCache } from '../response-caching.ts';
import { Refused } from '../refused.ts';
import { type Envelope, isEnvelope } from '../surfaces/envelope.ts';
import type { SurfaceSpec } from '../surfaces/surfaces.ts';

/** Requests that belong together may ask for the same provider. */
const STICKY = 'x-gateway-session';

interface Options {
  /** The body in the surface's own words, when the client spoke others. */
  translate?: (rawBody: Buffer, principal: Principal) => Buffer;
  present?: (body: Buffer, facts: Facts) => Buffer;
}

/** One request of any surface, from its key to the start of its answer. @throws {Refused} also before its promise. */
export function complete(parts: ServingParts, call: Call, surface: SurfaceSpec, options: Options = {}): Promise<void> {
  call.errorShape = surface.errors;
  const key = presentedKey(call);
  const known = authenticate(parts, call, key, surface.scope);
  if (!(known instanceof Promise)) return receive(parts, call, { key, surface, principal: known, options });
  return known.then((principal) => receive(parts, call, { key, surface, principal, options }));
}

function receive(parts: ServingParts, call: Call, asked: Omit<Beginning, 'held'>): Promise<void> {
  const { key, surface, principal, options } = asked;
  if (parts.upstreams.size === 0) throw new Refused(noProvider);
  const held = parts.bodies.of(principal.tenantId);
  if (parts.shedder.isOverloaded() || !held.grow(announcedBytes(call))) {
    parts.metrics.shed.inc();
    throw new Refused(overloaded);
  }
  return begin(parts, call, { key, surface, principal, options, held });
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

async function begin(parts: ServingParts, call: Call, beginning: Beginning): Promise<void> {
  const { key, surface, principal, options, held } = beginning;
  let isUnderWay = false;
  try {
    const rawBody = await readBody(call.request, held);
    if (rawBody === undefined) return;
    if (!Buffer.isBuffer(rawBody)) throw new Refused(rawBody);
    const envelope = surface.read(options.translate?.(rawBody, principal) ?? rawBody);
    if (!isEnvelope(envelope)) throw new Refused(envelope);
    const promptEstimate = estimate(envelope);
    const caching = Caching.of(parts, call, principal, envelope);
    const asked = { call, key, surface, envelope, promptEstimate, principal };
    const admitted = await admit(parts, asked);
    const meter = meterOf(parts, asked, admitted);
    const hit = caching && (await caching.lookup());
    if (call.isGone) return meter.release('left_before_start');
    const shown = { call, meter, envelope, lastEvent: surface.lastEvent, present: options.present };
    if (hit && answerFromCache(parts, hit, shown)) return;
    run(parts, call, { beginning, envelope, meter, admitted, caching });
    isUnderWay = true;
  } finally {
    if (!isUnderWay) held.letGo();
  }
}

function meterOf(parts: ServingParts, asked: Asked, { principal, decision }: Admitted): Meter {
  const { call, envelope, promptEstimate } = asked;
  const { reservation, isBudgetFallback } = decision;
  return new Meter(parts, { call, envelope, principal, reservation, isBudgetFallback, promptEstimate });
}

interface Run {
  beginning: Beginning;
  envelope: Envelope;
  meter: Meter;
  admitted: Admitted;
  caching: Caching | undefined;
}

function run(parts: ServingParts, call: Call, asked: Run): void {
  const { envelope, meter, caching } = asked;
  const { surface, options, held } = asked.beginning;
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
    present: options.present,
    caching,
    onEnd: () => {
      parts.live.delete(completion);
      held.letGo();
    },
  });
  parts.live.add(completion);
  completion.start();
}

function estimate(envelope: Envelope): number {
  try {
    return estimatePrompt(envelope.body);
  } catch (error) {
    if (error instanceof RangeError) throw new Refused(tooDeep);
    throw error;
  }
}
