import { isAscii } from 'node:buffer';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
const FIRST_PRINTABLE = 0x20;
/** What may follow a backslash, but for `u`. */
const ESCAPABLE = new Uint8Array(256);
for (const letter of '"\\/bfnrt') ESCAPABLE[letter.charCodeAt(0)] = 1;
const WHITE = new Set([0x20, 0x09, 0x0a, 0x0d]);
/** Keys are short and prompts are long: so many bytes are looked at one by one, more of them in larger steps. */
const NEAR = 24;

export const skipWhite = (json: Buffer, from: number): number => {
  let at = from;
  while (WHITE.has(json[at] as number)) at += 1;
  return at;
};

/** The same towards the front; -1 when there is nothing else. */
export const skipWhiteBack = (json: Buffer, from: number): number => {
  let at = from;
  while (WHITE.has(json[at] as number)) at -= 1;
  return at;
};

export function nextQuote(json: Buffer, from: number): number {
  const near = Math.min(from + NEAR, json.length);
  for (let at = from; at < near; at += 1) if (json[at] === QUOTE) return at;
  return json.indexOf(QUOTE, near);
}

/** JSON as bytes, and as numbers of four bytes each: looking at those takes a third of the time. */
export interface Json {
  bytes: Buffer;
  words: Int32Array;
  /** Bytes before the first word. */
  head: number;
}

export function jsonOf(bytes: Buffer): Json {
  const head = -bytes.byteOffset & 3;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + head, Math.max(0, bytes.length - head) >> 2);
  return { bytes, words, head };
}

/** A string literal, from its opening to its closing quote. */
export interface Literal {
  start: number;
  end: number;
  /** How many bytes more its escapes are than the characters that they stand for. */
  excess: number;
  /** Has halves of surrogate pairs as escapes: how many characters it is takes more than counting. */
  hasSurrogates: boolean;
}

/** The literal whose opening quote is at `start`; undefined when it is none that JSON allows. */
export function literalAt(json: Json, start: number): Literal | undefined {
  const { bytes } = json;
  let excess = 0;
  let hasSurrogates = false;
  let at = nextSpecial(json, start + 1);
  for (; bytes[at] === BACKSLASH; at = nextSpecial(json, at)) {
    const escaped = bytes[at + 1] as number;
    if (ESCAPABLE[escaped] === 1) {
      excess += 1;
      at += 2;
    } else {
      const unit = escaped === LETTER_U ? hexAt(bytes, at + 2) : -1;
      if (unit < 0) return undefined;
      hasSurrogates ||= unit >= 0xd800 && unit <= 0xdfff;
      excess += 5;
      at += 6;
    }
  }
  return bytes[at] === QUOTE ? { start, end: at, excess, hasSurrogates } : undefined;
}

/** Where the next quote, backslash or control character is: all that a string has to be looked at for; -1 = nowhere. */
function nextSpecial({ bytes, words, head }: Json, from: number): number {
  const { length } = bytes;
  const border = Math.min(from + NEAR + (-(from - head) & 3), length);
  let at = from;
  for (; at < border; at += 1) if (isSpecial(bytes[at] as number)) return at;
  let word = (at - head) >> 2;
  while (word < words.length && !hasSpecial(words[word] as number)) word += 1;
  for (at = Math.max(at, head + word * 4); at < length; at += 1) if (isSpecial(bytes[at] as number)) return at;
  return -1;
}

const isSpecial = (byte: number): boolean => byte < FIRST_PRINTABLE || byte === QUOTE || byte === BACKSLASH;

/**
 * One of four bytes is below 0x20, 0x22 or 0x5c. `(x - n) & ~x` has the highest bit of a byte set if that was less than
 * n (https://graphics.stanford.edu/~seander/bithacks.html#HasLessInWord); the first exclusive or puts 0x22 where 0x20 was.
 */
function hasSpecial(word: number): boolean {
  const low = word ^ 0x02020202;
  const slash = word ^ 0x5c5c5c5c;
  return ((((low - 0x21212121) & ~low) | ((slash - 0x01010101) & ~slash)) & 0x80808080) !== 0;
}

/** Four hexadecimal digits; -1 when they are not. */
function hexAt(bytes: Buffer, at: number): number {
  const digits = bytes.toString('latin1', at, at + 4);
  return /^[0-9a-f]{4}$/i.test(digits) ? Number.parseInt(digits, 16) : -1;
}

/** Of a literal of valid UTF-8 without surrogates. */
export function charactersIn(json: Json, { start, end, excess }: Literal): number {
  const size = end - start - 1 - excess;
  return isAscii(json.bytes.subarray(start, end)) ? size : size - continuations(json, start, end);
}

/** Bytes that only go on with a character: the highest bits of theirs are 10. */
function continuations({ bytes, words, head }: Json, start: number, end: number): number {
  let count = 0;
  let at = start;
  for (; at < end && ((at - head) & 3) !== 0; at += 1) count += continues(bytes[at] as number);
  let word = (at - head) >> 2;
  const lastWord = (end - head) >> 2;
  for (; word < lastWord; word += 1) {
    const four = words[word] as number;
    count += Math.imul((four >>> 7) & (~four >>> 6) & 0x01010101, 0x01010101) >>> 24;
  }
  for (at = Math.max(at, head + word * 4); at < end; at += 1) count += continues(bytes[at] as number);
  return count;
}

const continues = (byte: number): number => ((byte & 0xc0) === 0x80 ? 1 : 0);
