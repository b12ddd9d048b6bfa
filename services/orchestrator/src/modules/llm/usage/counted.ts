import type { Context } from '#core/context.ts';
import { type UsageScope, usageSums } from './report/queries.ts';
import type { DayRange } from './report/range.ts';

/**
 * What the roll-ups have counted of a tenant, a key, or (when neither is named) everybody. Days are the operator's; usage
 * that is still on its way through the stream is not in it.
 */

export const countedMessages = ({ db }: Pick<Context, 'db'>, scope: UsageScope, day: string): Promise<number> =>
  usageSums(db, scope, { from: day, to: day }).of('requests');

/** Nano-USD, both days included. */
export const countedCost = ({ db }: Pick<Context, 'db'>, scope: UsageScope, range: DayRange): Promise<number> =>
  usageSums(db, scope, range).of('cost_nano_usd');
