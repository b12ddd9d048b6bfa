const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const NEWLINE = 10;
const SPACE = 32;
const PADDING = 61;
const BASE64 = new Uint8Array(128);
for (const [value, character] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries())
  BASE64[character.charCodeAt(0)] = value;

/**
 * The tokens of an encoding and their ranks, read from the lines `<base64 of the token> <rank>` that OpenAI publishes.
 * All of them lie in one buffer with a hash table over it: as strings in a Map they would take eight times the memory.
 */
export class Vocabulary {
  readonly #bytes: Uint8Array;
  /** Where the token of a rank begins and ends. */
  readonly #starts: Uint32Array;
  readonly #ends: Uint32Array;
  /** Rank + 1 by hash, the next free place after it taken when two meet; 0 = free. */
  readonly #table: Int32Array;
  readonly #mask: number;
  #written = 0;

  constructor(file: Uint8Array) {
    const ranks = highestRank(file) + 1;
    this.#bytes = new Uint8Array(Math.ceil((file.length * 3) / 4));
    this.#starts = new Uint32Array(ranks);
    this.#ends = new Uint32Array(ranks);
    this.#table = new Int32Array(2 ** Math.ceil(Math.log2(ranks * 2)));
    this.#mask = this.#table.length - 1;
    this.#read(file);
  }

  /** Of the token that is bytes[start, end); -1 = there is none. */
  rank(bytes: Uint8Array, start: number, end: number): number {
    for (let place = hash(bytes, start, end) & this.#mask; ; place = (place + 1) & this.#mask) {
      const rank = (this.#table[place] ?? 0) - 1;
      if (rank < 0 || this.#is(rank, bytes, start, end)) return rank;
    }
  }

  #is(rank: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.#starts[rank] ?? 0;
    if ((this.#ends[rank] ?? 0) - from !== end - start) return false;
    for (let i = start; i < end; i += 1) if (this.#bytes[from + i - start] !== bytes[i]) return false;
    return true;
  }

  #read(file: Uint8Array): void {
    for (let at = 0; at < file.length;) {
      const space = file.indexOf(SPACE, at);
      if (space < 0) return;
      const start = this.#written;
      this.#decode(file, at, space);
      at = lineEnd(file, space) + 1;
      this.#add(number(file, space + 1, at - 1), start, this.#written);
    }
  }

  /** By hand: two hundred thousand small buffers would be garbage. */
  #decode(file: Uint8Array, start: number, end: number): void {
    let bits = 0;
    let held = 0;
    for (let i = start; i < end && file[i] !== PADDING; i += 1) {
      bits = ((bits << 6) | (BASE64[file[i] ?? 0] ?? 0)) & 0xffff;
      held += 6;
      if (held < 8) continue;
      held -= 8;
      this.#bytes[this.#written] = (bits >> held) & 0xff;
      this.#written += 1;
    }
  }

  #add(rank: number, start: number, end: number): void {
    this.#starts[rank] = start;
    this.#ends[rank] = end;
    let place = hash(this.#bytes, start, end) & this.#mask;
    while (this.#table[place] !== 0) place = (place + 1) & this.#mask;
    this.#table[place] = rank + 1;
  }
}

function hash(bytes: Uint8Array, start: number, end: number): number {
  let value = FNV_OFFSET;
  for (let i = start; i < end; i += 1) value = Math.imul(value ^ (bytes[i] ?? 0), FNV_PRIME);
  return value ^ (value >>> 15);
}

function lineEnd(file: Uint8Array, from: number): number {
  const end = file.indexOf(NEWLINE, from);
  return end < 0 ? file.length : end;
}

function number(file: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let i = start; i < end; i += 1) {
    const digit = (file[i] ?? 0) - 48;
    if (digit >= 0 && digit <= 9) value = value * 10 + digit;
  }
  return value;
}

/** Lines are in the order of their ranks. */
function highestRank(file: Uint8Array): number {
  let end = file.length;
  while (end > 0 && (file[end - 1] ?? 0) <= SPACE) end -= 1;
  return number(file, file.lastIndexOf(SPACE, end - 1) + 1, end);
}
