import type { EncodingName } from './encodings.ts';

export interface Job {
  id: number;
  encoding: EncodingName;
  texts: readonly string[];
}

export interface Counted {
  id: number;
  /** Of each text. */
  tokens: readonly number[];
}
