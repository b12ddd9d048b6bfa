import type { Context } from '#core/context.ts';
import { countedCost, countedMessages } from '../usage/counted.ts';
import type { Period } from './periods.ts';

/** A tenant, or one of its keys. */
export interface SeedOwner {
  tenantId: string;
  keyId?: string;
}

/** What the database has counted in a period, for a Redis that has not. */
export interface Seeds {
  messages(owner: SeedOwner, period: Period): Promise<number>;
  /** Of everybody, if nobody is named. */
  costNanoUsd(owner: SeedOwner | null, period: Period): Promise<number>;
}

export const databaseSeeds = (ctx: Pick<Context, 'db'>): Seeds => ({
  messages: (owner, { from }) => countedMessages(ctx, owner, from),
  costNanoUsd: (owner, { from, to }) => countedCost(ctx, owner ?? {}, { from, to }),
});
