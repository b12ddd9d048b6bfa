import { type Counter, type Scope, countersOf } from './counters.ts';
import type { RedisNames } from './names.ts';

/** Of everybody's cost. */
export const EVERYBODY = 'all';

/** What a request has put into counters, and so what has to come out of them again. */
export interface Stake {
  requestId: string;
  /** Under whose name it is recorded. */
  gatewayId: string;
  scope: Scope;
  counters: readonly Counter[];
  costNanoUsd: number;
  tokens: number;
  minute: number;
}

/** Keys and amounts of the script that corrects counters. */
export interface Correction {
  keys: string[];
  amounts: string[];
  counters: number;
  tokens: number;
}

export interface Used {
  costNanoUsd: number;
  tokens: number;
}

/** By what it used, or by everything when it came to nothing. */
export function correctionOf(names: RedisNames, stake: Stake, used: Used | null): Correction {
  const cost = (used?.costNanoUsd ?? 0) - stake.costNanoUsd;
  const tokens = (used?.tokens ?? 0) - stake.tokens;
  const [counterKeys, counterAmounts] = [[] as string[], [] as string[]];
  const [tokenKeys, logKeys] = [[] as string[], [] as string[]];
  const add = (key: string, amount: number) => {
    if (amount === 0) return;
    counterKeys.push(key);
    counterAmounts.push(String(amount));
  };
  add(names.cost(EVERYBODY, stake.scope.day), cost);
  for (const { kind, key } of stake.counters) {
    if (kind === 'costs') add(key, cost);
    else if (kind === 'lives') add(key, -1);
    else if (kind === 'tokens' && tokens !== 0) tokenKeys.push(`${key}:${stake.minute}`);
    else if (kind === 'messages' && !used) add(key, -1);
    else if (kind === 'logs' && !used) logKeys.push(key);
  }
  return {
    keys: [...counterKeys, ...tokenKeys, ...logKeys],
    amounts: [...counterAmounts, ...tokenKeys.map(() => String(tokens))],
    counters: counterKeys.length,
    tokens: tokenKeys.length,
  };
}

/** As the reserving script writes it: `recordHead`, then the reserved cost and the minute. */
export const recordHead = ({ tenantId, keyId, day, month }: Scope, mask: number, tokens: number): string =>
  `${tenantId}|${keyId}|${day}|${month}|${mask}|${tokens}|`;

/** Undefined when it is not a record of ours. */
export function readRecord(names: RedisNames, gatewayId: string, requestId: string, record: string): Stake | undefined {
  const [tenantId, keyId, day, month, ...numbers] = record.split('|');
  const [mask, tokens, costNanoUsd, minute] = numbers.map(Number);
  if (!tenantId || !keyId || !day || !month || numbers.length !== 4) return undefined;
  if (mask === undefined || tokens === undefined || costNanoUsd === undefined || minute === undefined) return undefined;
  const scope = { tenantId, keyId, day, month };
  const counters = countersOf(names, scope, mask);
  return { requestId, gatewayId, scope, counters, costNanoUsd, tokens, minute };
}
