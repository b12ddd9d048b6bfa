/** Not metrics: PromQL's own words. Functions are known by their parenthesis. */
const WORDS = new Set([
  'and',
  'or',
  'unless',
  'bool',
  'offset',
  'by',
  'on',
  'ignoring',
  'without',
  'group_left',
  'group_right',
  'inf',
  'nan',
]);

/** The names that an expression reads; good enough for ours, whose parse Prometheus itself checks. */
export function metricsOf(expr: string): string[] {
  const bare = expr
    .replace(/"(?:[^"\\]|\\.)*"/g, '')
    .replace(/\{[^}]*\}/g, ' ')
    .replace(/\[[^\]]*\]/g, ' ')
    .replace(/(?<![\w:])\d[\w.]*/g, ' ')
    .replace(/\b(?:by|on|ignoring|without|group_left|group_right)\s*\([^)]*\)/g, ' ')
    .replace(/\boffset\s+\w+/g, ' ');
  const names = [...bare.matchAll(/[a-zA-Z_:][\w:]*(?!\w)\s*(\()?/g)];
  return [...new Set(names.filter(([, call]) => call === undefined).map(([name]) => name.trim()))].filter(
    (name) => !WORDS.has(name.toLowerCase()) && name !== '',
  );
}
