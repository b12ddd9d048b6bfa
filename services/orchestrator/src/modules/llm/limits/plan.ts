import type { Principal } from '../keys/principal.ts';
import { type Counter, KINDS, type Scope, countersFor, maskOf } from './counters.ts';
import type { RedisNames } from './names.ts';
import type { Period, Periods } from './periods.ts';
import { EVERYBODY } from './stake.ts';

/** A day longer than the longest stream, after the period has ended. */
const KEPT_S = 2 * 86_400;
/** Before the first counter among the keys of the reserving script: its place there, from 1. */
export const FIRST_COUNTER = 5;

/** All that a reservation needs to know of a principal on one day, prepared so that a request only adds itself. */
export interface Plan {
  principal: Principal;
  periods: Periods;
  scope: Scope;
  mask: number;
  counters: readonly Counter[];
  /** Of each counter. */
  limits: readonly number[];
  /** Of the reserving script, all but the route's ticket. */
  keys: readonly string[];
  /** Of the reserving script, what is the same for every request of that day. */
  args: readonly string[];
}

export interface PlanParts {
  names: RedisNames;
  zone: string;
  gatewayId: string;
  dailyBudgetNanoUsd: number;
}

export function planOf(parts: PlanParts, principal: Principal, periods: Periods): Plan {
  const { names, zone, gatewayId, dailyBudgetNanoUsd } = parts;
  const { tenantId, keyId } = principal;
  const { day, month } = periods;
  const scope = { tenantId, keyId, day: day.name, month: month.name };
  const { counters, limits } = countersFor(names, scope, principal.limits);
  const kept = counters.flatMap(({ period }) => (period ? [periods[period]] : []));
  return {
    principal,
    periods,
    scope,
    mask: maskOf(principal.limits),
    counters,
    limits,
    keys: [
      names.epoch(zone),
      names.version(tenantId),
      names.configVersion,
      names.cost(EVERYBODY, day.name),
      ...counters.map(({ key }) => key),
      names.reserved(gatewayId),
      names.gateways,
    ],
    args: [
      gatewayId,
      ...[day.beganMs, day.endsMs],
      ...KINDS.map((kind) => counters.filter((counter) => counter.kind === kind).length),
      dailyBudgetNanoUsd,
      ...[day, ...kept].flatMap((period) => [period.beganMs, keptS(period)]),
      ...limits,
    ].map(String),
  };
}

export const keptS = ({ beganMs, endsMs }: Period): number => Math.ceil((endsMs - beganMs) / 1000) + KEPT_S;
