import { isUtf8 } from 'node:buffer';
import { characters } from '../characters.ts';
import {
  type Json,
  type Literal,
  charactersIn,
  jsonOf,
  literalAt,
  nextQuote,
  skipWhite,
  skipWhiteBack,
} from './literals.ts';
import type { Texts } from './texts.ts';

/** Shorter ones are no trouble. */
const LONG_BYTES = 512;
/** What is said to models, and files: of their values nothing is decided, wherever they stand. */
const TEXTS: ReadonlySet<string> = new Set([
  ...['content', 'text', 'input', 'instructions', 'system', 'thinking'],
  ...['url', 'image_url', 'data', 'file_data'],
]);
const COLON = 0x3a;

/** In the place of the n-th long text. No other string has this character in it: see `hasMark`. */
const mark = (index: number): string => String.raw`"\u0000${index}\u0000"`;
const MARKS = /\0(\d+)\0/g;
const ONE_MARK = /^\0(\d+)\0$/;
const WRITTEN_MARKS = /"\\u0000(\d+)\\u0000"/g;
/** JSON has no other way to write it. */
const hasMark = (json: string): boolean => json.includes(String.raw`\u0000`);

/** A JSON value without its long texts, which it knows the lengths of. */
export interface Outline extends Texts {
  value: unknown;
}

/**
 * Undefined when there is nothing to leave out, or when it cannot be said from the bytes alone how the whole would be
 * read; that includes everything that is no JSON. What V8 parses of 100 KB goes where only a full collection finds it.
 */
export function outlineOf(bytes: Buffer): Outline | undefined {
  if (!isUtf8(bytes)) return undefined;
  const json = jsonOf(bytes);
  const long = longTexts(json);
  if (!long || long.length === 0) return undefined;
  const kept: string[] = [];
  let from = 0;
  for (const { start, end } of long) {
    kept.push(bytes.toString('utf8', from, start));
    from = end + 1;
  }
  kept.push(bytes.toString('utf8', from));
  if (kept.some(hasMark)) return undefined;
  const value = parsed(kept.map((text, index) => (index < long.length ? text + mark(index) : text)).join(''));
  return value === undefined ? undefined : new LongTexts(value, json, long);
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** Undefined when a string is not what JSON allows. */
function longTexts(json: Json): Literal[] | undefined {
  const found: Literal[] = [];
  const { bytes } = json;
  let before: Literal | undefined;
  for (let start = nextQuote(bytes, 0); start !== -1;) {
    const literal = literalAt(json, start);
    if (!literal) return undefined;
    const { end, hasSurrogates } = literal;
    if (end - start > LONG_BYTES && !hasSurrogates && isText(bytes, literal, before)) found.push(literal);
    before = literal;
    start = nextQuote(bytes, end + 1);
  }
  return found;
}

/** The value of one of those keys, or an item of a list. */
function isText(bytes: Buffer, { start, end }: Literal, before: Literal | undefined): boolean {
  const colon = skipWhiteBack(bytes, start - 1);
  if (bytes[colon] !== COLON) return bytes[skipWhite(bytes, end + 1)] !== COLON;
  return before !== undefined && TEXTS.has(bytes.toString('latin1', before.start + 1, before.end));
}

class LongTexts implements Outline {
  readonly value: unknown;
  readonly #json: Json;
  readonly #long: readonly Literal[];

  constructor(value: unknown, json: Json, long: readonly Literal[]) {
    this.value = value;
    this.#json = json;
    this.#long = long;
  }

  characters(text: string): number {
    if (!text.includes('\0')) return characters(text);
    let count = characters(text);
    for (const [marked, index] of text.matchAll(MARKS))
      count += charactersIn(this.#json, this.#at(index)) - marked.length;
    return count;
  }

  length(text: string): number {
    const index = ONE_MARK.exec(text)?.[1];
    return index === undefined ? text.length : this.#read(index).length;
  }

  json(value: unknown): string {
    const json = JSON.stringify(value);
    return hasMark(json) ? json.replace(WRITTEN_MARKS, (_, index: string) => JSON.stringify(this.#read(index))) : json;
  }

  #at(index: string | undefined): Literal {
    const literal = this.#long[Number(index)];
    if (!literal) throw new Error(`no long text ${index}`);
    return literal;
  }

  #read(index: string | undefined): string {
    const { start, end } = this.#at(index);
    return JSON.parse(this.#json.bytes.toString('utf8', start, end + 1)) as string;
  }
}
