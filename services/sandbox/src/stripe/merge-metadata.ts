/** Keys are merged; an empty value takes a key away. */
export function mergeMetadata(before: Record<string, string>, change: Record<string, string> | undefined) {
  return Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== ''));
}
