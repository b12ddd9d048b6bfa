import { readFileSync } from 'node:fs';
import { CL100K_TOKEN_SPLIT_REGEX, O200K_TOKEN_SPLIT_REGEX } from 'gpt-tokenizer/encodingParams/constants';
import { Encoding } from './encoding.ts';
import { Vocabulary } from './vocabulary.ts';

/** Vocabularies and patterns are gpt-tokenizer's; only its way to hold them takes more memory than a gateway has. */
const PATTERNS = { cl100k_base: CL100K_TOKEN_SPLIT_REGEX, o200k_base: O200K_TOKEN_SPLIT_REGEX };
export type EncodingName = keyof typeof PATTERNS;

const loaded = new Map<EncodingName, Encoding>();

/** Read at its first use: a tenth of a second. */
export function encodingOf(name: EncodingName): Encoding {
  let encoding = loaded.get(name);
  if (!encoding) {
    const file = new URL(import.meta.resolve(`gpt-tokenizer/data/${name}.tiktoken`));
    encoding = new Encoding(new Vocabulary(readFileSync(file)), PATTERNS[name]);
    loaded.set(name, encoding);
  }
  return encoding;
}
