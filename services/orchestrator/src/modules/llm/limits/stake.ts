import { type Counter, type Scope, countersOf } from './counters.ts';
import type { RedisNames } from './names.ts';

/** Whose the cost of everybody is. */
export const EVERYBODY = 'all';

/** What a request has put into counters, and so what has to come out of them again. */
export interface Stake {
  requestId: string;
  scope: Scope;
  counters: readonly Counter[];
  costNanoUsd: number;
  tokens: number;
  minute: number;
}

export interface Used {
  costNanoUsd: number;
  tokens: number;
}

/** As the script takes it: letters, and lines: for each a key, for most an amount. */
export interface Correction {
  layout: string;
  keys: string;
  amounts: string;
}

/** By what it used, or by everything when it came to nothing; a rejected one stays a request of its minute. */
export function correctionOf(names: RedisNames, stake: Stake, used: Used | null, isRejected = false): Correction {
  const cost = (used?.costNanoUsd ?? 0) - stake.costNanoUsd;
  const tokens = (used?.tokens ?? 0) - stake.tokens;
  const correction: Correction = { layout: '', keys: '', amounts: '' };
  const add = (letter: 'c' | 't', key: string, amount: number) => {
    if (amount === 0) return;
    correction.layout += letter;
    correction.keys += `${key}\n`;
    correction.amounts += `${amount}\n`;
  };
  add('c', names.cost(EVERYBODY, stake.scope.day), cost);
  for (const { kind, key } of stake.counters) {
    if (kind === 'costs') add('c', key, cost);
    else if (kind === 'lives') add('c', key, -1);
    else if (kind === 'tokens') add('t', `${key}:${stake.minute}`, tokens);
    else if (!used && kind === 'messages') add('c', key, -1);
    else if (!used && !isRejected) {
      correction.layout += 'r';
      correction.keys += `${key}:${stake.minute}\n`;
    }
  }
  return correction;
}

/** Of what the reserving script wrote. Undefined when it is not a record of ours. */
export function readRecord(names: RedisNames, requestId: string, record: string): Stake | undefined {
  const [tenantId, keyId, day, month, ...numbers] = record.split('|');
  const [mask, tokens, costNanoUsd, minute] = numbers.map(Number);
  if (!tenantId || !keyId || !day || !month || numbers.length !== 4) return undefined;
  if (mask === undefined || tokens === undefined || costNanoUsd === undefined || minute === undefined) return undefined;
  const scope = { tenantId, keyId, day, month };
  return { requestId, scope, counters: countersOf(names, scope, mask), costNanoUsd, tokens, minute };
}
