import type { Period } from './periods.ts';

/** A tenant, or one of its keys; nobody named = everybody. */
export interface SeedOwner {
  tenantId?: string;
  keyId?: string;
}

/** What the database has counted in a period, for a Redis that has not. */
export interface Seeds {
  messages(owner: SeedOwner, period: Period): Promise<number>;
  costNanoUsd(owner: SeedOwner, period: Period): Promise<number>;
}
