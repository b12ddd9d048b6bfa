import type { Principal } from '../keys/principal.ts';
import { type Counter, type Scope, countersFor } from './counters.ts';
import type { RedisNames } from './names.ts';
import type { Period, Periods } from './periods.ts';
import { lines } from './scripted-redis.ts';

/** A day more than the longest stream, after the period has ended. */
const KEPT_S = 2 * 86_400;

/** All that a reservation needs to know of a principal on one day, prepared so that a request only adds itself. */
export interface Plan {
  periods: Periods;
  scope: Scope;
  counters: readonly Counter[];
  /** Of each counter. */
  limits: readonly number[];
  layout: string;
  version: string;
  /** Lines for the script: the version's key, then each counter's. */
  keys: string;
  /** And each counter's limit. */
  limitLines: string;
  /** How its records begin. */
  recordHead: string;
}

export function planOf(names: RedisNames, principal: Principal, periods: Periods): Plan {
  const { tenantId, keyId, version, limits: given } = principal;
  const scope = { tenantId, keyId, day: periods.day.name, month: periods.month.name };
  const { counters, limits, layout, mask } = countersFor(names, scope, given);
  return {
    periods,
    scope,
    counters,
    limits,
    layout,
    version: String(version),
    keys: lines(names.version(tenantId), ...counters.map(({ key }) => key)),
    limitLines: lines(...limits),
    recordHead: `${tenantId}|${keyId}|${scope.day}|${scope.month}|${mask}|`,
  };
}

/** How long a counter of a period is kept once it exists. */
export const keptS = ({ beganMs, endsMs }: Period): number => Math.ceil((endsMs - beganMs) / 1000) + KEPT_S;
