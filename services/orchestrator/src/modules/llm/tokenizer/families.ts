import type { EncodingName } from './encodings.ts';

/** `characters` = four characters are a token. */
export type Rule = EncodingName | 'characters';

/**
 * By what the last part of a model's name begins with; the first line that fits. Exact for OpenAI's own models. Llama 3
 * and Qwen took cl100k's vocabulary and added to it, so that it counts at most a few percent too many. What is not
 * named here has no public tokenizer, or none that we have: Claude, Gemini, Grok, Mistral, DeepSeek, Command, Sonar …
 */
const FAMILIES: readonly (readonly [beginning: RegExp, rule: Rule])[] = [
  [/^gpt-(3\.5|35|4(?![.o\d]))/, 'cl100k_base'],
  [/^text-embedding-/, 'cl100k_base'],
  [/^(gpt-|chatgpt-|o[1-9]\d*(-|$)|codex-)/, 'o200k_base'],
  [/^(meta-)?llama-?v?3/, 'cl100k_base'],
  [/^(qwen|qwq)/, 'cl100k_base'],
];

/** `model` as the provider calls it: `openai/gpt-oss-120b`, `accounts/fireworks/models/gpt-oss-20b`, `qwen3:8b`. */
export function ruleOf(model: string): Rule {
  const name = model.slice(model.lastIndexOf('/') + 1).toLowerCase();
  return FAMILIES.find(([beginning]) => beginning.test(name))?.[1] ?? 'characters';
}
