import { nextQuote, skipWhite } from '../../body/literals.ts';

/** What the gateway decides by; were it read in another way upstream, limits and allow-lists would not hold. */
const GUARDED = [
  'model',
  'stream',
  'stream_options',
  'max_tokens',
  'max_completion_tokens',
  'max_output_tokens',
  'n',
  // What is refused because it would cost more than tokens, or reach what all tenants share.
  'tools',
  'service_tier',
  'speed',
  'web_search_options',
  'mcp_servers',
  'container',
  'previous_response_id',
  'conversation',
  'background',
  'models',
  'preset',
  'route',
  'fallbacks',
] as const;
type Guarded = (typeof GUARDED)[number];

const NAMES: ReadonlySet<string> = new Set(GUARDED);
const LONGEST = Math.max(...GUARDED.map((name) => name.length));
const FIRST_LETTERS = new Set(GUARDED.map((name) => name.charCodeAt(0)));
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const ESCAPE_LENGTH = 6;

/**
 * Where the value of each guarded key begins in `json`, which must be valid JSON; undefined when one of them is there
 * twice, at whatever depth, or is spelled with escapes: then only what was parsed may be sent. Parsers differ in which
 * of two equal keys they believe. One pass from quote to quote: a long prompt costs microseconds.
 */
export function findKeys(json: Buffer): Partial<Record<Guarded, number>> | undefined {
  const found: Partial<Record<Guarded, number>> = {};
  for (let quote = nextQuote(json, 0); quote !== -1; quote = nextQuote(json, quote + 1)) {
    const first = json[quote + 1] as number;
    if (first !== BACKSLASH && !FIRST_LETTERS.has(first)) continue;
    const word = readWord(json, quote + 1);
    if (!word) continue;
    const colon = skipWhite(json, word.end + 1);
    if (json[colon] !== COLON) continue;
    if (word.isEscaped || found[word.name] !== undefined) return undefined;
    found[word.name] = skipWhite(json, colon + 1);
  }
  return found;
}

interface Word {
  name: Guarded;
  /** Of its closing quote. */
  end: number;
  isEscaped: boolean;
}

/** A guarded name between here and the next quote. Of JSON's escapes only `\u00…` can stand for one of its letters. */
function readWord(json: Buffer, start: number): Word | undefined {
  let text = '';
  let isEscaped = false;
  for (let at = start; text.length <= LONGEST; at += 1) {
    const byte = json[at];
    if (byte === undefined) return undefined;
    if (byte === QUOTE) return NAMES.has(text) ? { name: text as Guarded, end: at, isEscaped } : undefined;
    if (byte !== BACKSLASH) {
      text += String.fromCharCode(byte);
      continue;
    }
    const escape = /^\\u(00[0-7][0-9a-f])$/i.exec(json.toString('latin1', at, at + ESCAPE_LENGTH))?.[1];
    if (escape === undefined) return undefined;
    text += String.fromCharCode(Number.parseInt(escape, 16));
    isEscaped = true;
    at += ESCAPE_LENGTH - 1;
  }
  return undefined;
}

const PLAIN = /^[a-z0-9_]*$/;

/** Go's parser takes `Model` for `model`, in any of Unicode's ways to write a letter small. */
const fold = (key: string): string => key.toUpperCase().toLowerCase();

/** Keys that some parsers take for a guarded one. */
export function lookalikes(body: Readonly<Record<string, unknown>>): string[] {
  const found: string[] = [];
  for (const key of Object.keys(body))
    if (!PLAIN.test(key) && key.length <= LONGEST && NAMES.has(fold(key))) found.push(key);
  return found;
}
