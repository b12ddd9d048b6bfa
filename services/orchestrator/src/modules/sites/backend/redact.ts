const MASK = '********';
/** Frappe's commands and tracebacks carry passwords as options, in URLs, and as JSON or Python values. */
const PATTERNS: readonly [RegExp, string][] = [
  [/(--[a-z-]*(?:password|token|secret)[= ]+)("[^"]*"|'[^']*'|\S+)/gi, `$1${MASK}`],
  [
    /(["']?\w*(?:password|passwd|secret|token|encryption_key)\w*["']?\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s,;)}\]]+)/gi,
    `$1${MASK}`,
  ],
  [/(\w+:\/\/[^\s:/@]+:)[^\s@]+@/g, `$1${MASK}@`],
  [/(\bidentified by\s+)('[^']*'|"[^"]*"|\S+)/gi, `$1${MASK}`],
  [/(\s-p)(?=\S)(?!\d+\b)\S+/g, `$1${MASK}`],
];

/** Keeps what we know to be secret, and what looks like it, out of text that the backend has written. */
export function createRedactor(secrets: readonly string[]): (text: string) => string {
  // Longest first: a secret that contains another must go as a whole. Shorter ones would ruin the text around them.
  const needles = secrets
    .flatMap((secret) => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])
    .filter((needle) => needle.length >= 4)
    .sort((a, b) => b.length - a.length);
  return (text) => {
    let safe = text;
    for (const needle of needles) safe = safe.replaceAll(needle, MASK);
    for (const [pattern, replacement] of PATTERNS) safe = safe.replace(pattern, replacement);
    return safe;
  };
}
