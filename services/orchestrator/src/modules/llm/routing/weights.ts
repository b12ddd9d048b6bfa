/**
 * One cycle of a smooth weighted round robin, as indexes into `weights`: every window of its length, wherever it begins,
 * has each index exactly as often as its weight says, spread as evenly as can be. Empty when nothing weighs anything.
 */
export function cycleOf(weights: readonly number[]): readonly number[] {
  const divisor = weights.reduce(greatestCommonDivisor, 0);
  if (divisor === 0) return [];
  const shares = weights.map((weight) => weight / divisor);
  const length = shares.reduce((sum, share) => sum + share, 0);
  const credit = shares.map(() => 0);
  return Array.from({ length }, () => {
    let chosen = -1;
    shares.forEach((share, index) => {
      credit[index] = (credit[index] ?? 0) + share;
      if (share > 0 && (chosen < 0 || (credit[index] ?? 0) > (credit[chosen] ?? 0))) chosen = index;
    });
    credit[chosen] = (credit[chosen] ?? 0) - length;
    return chosen;
  });
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** FNV-1a: spreads short strings well and is the same in every process. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  // The low bits of FNV are weak; the choice is made by a remainder.
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b) >>> 0;
  return (hash ^ (hash >>> 13)) >>> 0;
}
