import type { Logger } from 'pino';
import { WHOLE } from '../body/texts.ts';
import { characters } from '../characters.ts';
import { countPrompt, tokensOf } from '../usage/estimate.ts';
import { CountingThread, type CountingTimes } from './counting-thread.ts';
import { ruleOf } from './families.ts';

/** More than this is counted by the rule: it would hold up everybody else's. */
const MAX_CHARACTERS = 500_000;

export interface CountedTokens {
  promptTokens: number;
  completionTokens: number;
}

/**
 * Tokens of what a provider did not count, by the tokenizer of the model's family where there is one, off the main
 * thread; else by the rule of four characters, as well as when the counting thread has too much to do or fails.
 */
export class TokenCounter {
  readonly #thread: CountingThread;

  constructor(log: Logger, times?: Partial<CountingTimes>) {
    this.#thread = new CountingThread(log, times);
  }

  /** `body` null = only the completion. Never rejects. */
  async count(
    model: string,
    body: Readonly<Record<string, unknown>> | null,
    completion: readonly string[],
  ): Promise<CountedTokens> {
    const texts: string[] = [completion.join('')];
    const counted = body
      ? countPrompt(body, {
          ...WHOLE,
          tokens: (text) => {
            texts.push(text);
            return 0;
          },
        })
      : 0;
    const [completionTokens = 0, ...promptTokens] = await this.#tokensOf(model, texts);
    return { promptTokens: promptTokens.reduce((sum, tokens) => sum + tokens, counted), completionTokens };
  }

  /** Whether a thread is there to count. */
  get isRunning(): boolean {
    return this.#thread.isRunning;
  }

  async stop(): Promise<void> {
    await this.#thread.stop();
  }

  async #tokensOf(model: string, texts: readonly string[]): Promise<readonly number[]> {
    const rule = ruleOf(model);
    const length = texts.reduce((sum, text) => sum + text.length, 0);
    const isCounted = rule !== 'characters' && length > 0 && length <= MAX_CHARACTERS;
    const counted = isCounted ? await this.#thread.count(rule, texts) : undefined;
    return counted ?? texts.map((text) => tokensOf(characters(text)));
  }
}
