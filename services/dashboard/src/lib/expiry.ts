export const EXPIRIES = ['30', '90', '365', 'never'] as const;

const DAY_MS = 24 * 60 * 60 * 1000;

/** The moment a key made now expires, for a choice of EXPIRIES; null when it does not. */
export function expiryOf(choice: string, now: Date): string | null {
  const days = Number(choice);
  return Number.isInteger(days) && days > 0 ? new Date(now.getTime() + days * DAY_MS).toISOString() : null;
}
