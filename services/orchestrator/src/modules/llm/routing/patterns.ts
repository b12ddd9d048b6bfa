/** Whether a name matches one of some patterns, in which `*` stands for anything; in time linear in the name. */
export function matcherOf(patterns: readonly string[]): (name: string) => boolean {
  if (patterns.includes('*')) return () => true;
  const exact = new Set(patterns.filter((pattern) => !pattern.includes('*')));
  const open = patterns.filter((pattern) => pattern.includes('*')).map((pattern) => pattern.split('*'));
  return (name) => exact.has(name) || open.some((parts) => matches(name, parts));
}

/** What is between the stars must follow in this order: the first place where it fits is as good as any. */
function matches(name: string, parts: readonly string[]): boolean {
  const [start = '', ...rest] = parts;
  const end = rest.pop() ?? '';
  if (name.length < start.length + end.length || !name.startsWith(start) || !name.endsWith(end)) return false;
  const middleEnd = name.length - end.length;
  let at = start.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0 || found + part.length > middleEnd) return false;
    at = found + part.length;
  }
  return true;
}
