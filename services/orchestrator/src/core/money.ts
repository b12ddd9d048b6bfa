const NANO_DIGITS = 9;
export const NANO_PER_USD = 10 ** NANO_DIGITS;

/** Whole nano-dollars as dollars, exactly: 1 500 000 → `0.0015`. */
export function nanoToUsd(nanoUsd: number | bigint): string {
  const nano = BigInt(nanoUsd);
  const digits = String(nano < 0n ? -nano : nano).padStart(NANO_DIGITS + 1, '0');
  const decimals = digits.slice(-NANO_DIGITS).replace(/0+$/, '');
  const whole = `${nano < 0n ? '-' : ''}${digits.slice(0, -NANO_DIGITS)}`;
  return decimals === '' ? whole : `${whole}.${decimals}`;
}
