/** HTTP's, and ISO's; `Date.parse` alone takes nearly anything for a date. */
const DATE = /^(?:[A-Z][a-z]{2}, \d{2} |\d{4}-\d{2}-\d{2}T)/;

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** The client's own waiting; a provider that is away for longer is tried again by others before that. */
const MAX_S = 60;
/** Numbers above this are times since 1970, in milliseconds from the next mark on. */
const EPOCH_S = 1e9;
const EPOCH_MS = 1e12;
const UNITS_S: Readonly<Record<string, number>> = {
  d: 86_400,
  h: 3600,
  m: 60,
  s: 1,
  ms: 0.001,
  us: 1e-6,
  µs: 1e-6,
  ns: 1e-9,
};

/**
 * Seconds until a provider wants to be asked again, at most a minute; undefined when it does not say.
 * `retry-after` is seconds or a date (RFC 9110 §10.2.3), `retry-after-ms` OpenAI's own, and the reset headers are
 * durations ("6m0s": OpenAI, Groq), seconds (Together, Fireworks) or a time (OpenRouter).
 */
export function retryAfter(headers: Headers): number | undefined {
  const nowS = Date.parse(one(headers['date']) ?? '') / 1000 || Date.now() / 1000;
  const ms = toNumber(one(headers['retry-after-ms']));
  const seconds =
    (ms === undefined ? undefined : ms / 1000) ?? waitOf(one(headers['retry-after']), nowS) ?? resetOf(headers, nowS);
  return seconds === undefined ? undefined : Math.min(Math.max(Math.ceil(seconds), 0), MAX_S);
}

/** Of the limits that are used up the one that is back last; when none says so, the one that is back first. */
function resetOf(headers: Headers, nowS: number): number | undefined {
  const usedUp: number[] = [];
  const others: number[] = [];
  for (const [name, value] of Object.entries(headers)) {
    const limit = /^x-ratelimit-reset(.*)$/.exec(name)?.[1];
    const wait = limit === undefined ? undefined : waitOf(one(value), nowS);
    if (wait === undefined) continue;
    const remaining = toNumber(one(headers[`x-ratelimit-remaining${limit}`]));
    (remaining !== undefined && remaining <= 0 ? usedUp : others).push(wait);
  }
  if (usedUp.length > 0) return Math.max(...usedUp);
  return others.length > 0 ? Math.min(...others) : undefined;
}

function waitOf(text: string | undefined, nowS: number): number | undefined {
  if (!text) return undefined;
  const number = toNumber(text);
  if (number !== undefined) {
    if (number >= EPOCH_MS) return number / 1000 - nowS;
    return number >= EPOCH_S ? number - nowS : number;
  }
  const duration = durationOf(text);
  if (duration !== undefined) return duration;
  const atS = DATE.test(text) ? Date.parse(text) / 1000 : NaN;
  return Number.isFinite(atS) ? atS - nowS : undefined;
}

/** "1h2m3.5s", "120ms". */
function durationOf(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:d|h|ms|us|µs|ns|m|s))+$/.test(text)) return undefined;
  let seconds = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(d|h|ms|us|µs|ns|m|s)/g))
    seconds += Number(amount) * (UNITS_S[unit ?? ''] ?? 0);
  return seconds;
}

const one = (header: string | string[] | undefined): string | undefined =>
  (Array.isArray(header) ? header[0] : header)?.trim();

function toNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined;
}
