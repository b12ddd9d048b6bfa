import { countPromptTokens, digest, textOf } from './answer.ts';
import type { ChatRequest } from './schemas.ts';

const MIN_TOKENS = 1024;
const STEP_TOKENS = 128;

/** OpenAI's rule: a beginning of at least 1024 tokens seen before is cached, in steps of 128 tokens. Here: whole messages. */
export class PromptCache {
  readonly #seen = new Set<string>();

  /** How many tokens of the prompt were seen before; remembers the rest. */
  hit({ model, messages }: ChatRequest): number {
    let cached = 0;
    let prefix = model;
    for (const [index, message] of messages.entries()) {
      prefix = digest(`${prefix}\n${message.role}\n${textOf(message)}`).toString('base64url');
      if (this.#seen.has(prefix)) cached = countPromptTokens(messages.slice(0, index + 1));
      this.#seen.add(prefix);
    }
    return cached < MIN_TOKENS ? 0 : Math.floor(cached / STEP_TOKENS) * STEP_TOKENS;
  }

  clear(): void {
    this.#seen.clear();
  }
}
