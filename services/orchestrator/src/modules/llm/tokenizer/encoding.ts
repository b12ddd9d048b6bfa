import type { Vocabulary } from './vocabulary.ts';

/**
 * Merging takes the square of a piece's length, and a client may send a megabyte of the same letter. Words are short;
 * what is longer is cut, which makes it a token more at each cut.
 */
const MAX_PIECE_BYTES = 256;
const NONE = 0x7fffffff;

/** Counts the tokens of texts by byte pair encoding, as https://github.com/openai/tiktoken does it. */
export class Encoding {
  readonly #vocabulary: Vocabulary;
  readonly #pattern: RegExp;
  readonly #encoder = new TextEncoder();
  readonly #bytes = new Uint8Array(MAX_PIECE_BYTES * 3 + 3);
  /** Where the parts of a piece begin, and the rank of each with the one after it. */
  readonly #starts = new Int32Array(MAX_PIECE_BYTES + 2);
  readonly #ranks = new Int32Array(MAX_PIECE_BYTES + 2);

  /** `pattern` splits a text into the pieces that are encoded one by one. */
  constructor(vocabulary: Vocabulary, pattern: RegExp) {
    this.#vocabulary = vocabulary;
    this.#pattern = new RegExp(pattern.source, 'gu');
  }

  count(text: string): number {
    const pattern = this.#pattern;
    pattern.lastIndex = 0;
    let tokens = 0;
    for (let match = pattern.exec(text); match; match = pattern.exec(text)) tokens += this.#countPiece(match[0]);
    return tokens;
  }

  #countPiece(piece: string): number {
    let tokens = 0;
    // A character is at most three bytes, or two characters four.
    for (let at = 0; at < piece.length; at += MAX_PIECE_BYTES) {
      const length = this.#write(piece.length <= MAX_PIECE_BYTES ? piece : piece.slice(at, at + MAX_PIECE_BYTES));
      for (let start = 0; start < length; start += MAX_PIECE_BYTES)
        tokens += this.#merge(start, Math.min(length, start + MAX_PIECE_BYTES));
    }
    return tokens;
  }

  #write(piece: string): number {
    for (let i = 0; i < piece.length; i += 1) {
      const code = piece.charCodeAt(i);
      if (code > 127) return this.#encoder.encodeInto(piece, this.#bytes).written;
      this.#bytes[i] = code;
    }
    return piece.length;
  }

  /** The pair of the lowest rank is merged first, until no pair is a token; how many parts are left. */
  #merge(from: number, to: number): number {
    if (to - from === 1 || this.#vocabulary.rank(this.#bytes, from, to) >= 0) return 1;
    const starts = this.#starts;
    const ranks = this.#ranks;
    let parts = to - from;
    for (let i = 0; i <= parts; i += 1) starts[i] = from + i;
    for (let i = 0; i < parts; i += 1) ranks[i] = this.#pairRank(i, parts);
    for (;;) {
      let lowest = NONE;
      let at = 0;
      for (let i = 0; i < parts - 1; i += 1) {
        const rank = ranks[i] ?? NONE;
        if (rank >= lowest) continue;
        lowest = rank;
        at = i;
      }
      if (lowest === NONE) return parts;
      starts.copyWithin(at + 1, at + 2, parts + 1);
      ranks.copyWithin(at + 1, at + 2, parts);
      parts -= 1;
      ranks[at] = this.#pairRank(at, parts);
      if (at > 0) ranks[at - 1] = this.#pairRank(at - 1, parts);
    }
  }

  /** Of part `i` and the one after it, together. */
  #pairRank(i: number, parts: number): number {
    if (i + 2 > parts) return NONE;
    const rank = this.#vocabulary.rank(this.#bytes, this.#starts[i] ?? 0, this.#starts[i + 2] ?? 0);
    return rank < 0 ? NONE : rank;
  }
}
