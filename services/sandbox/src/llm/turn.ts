import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from './answer.ts';
import type { Produced } from './ledger.ts';
import type { ChatRequest } from './schemas.ts';
import type { Strikes } from './strikes.ts';

/** One chat completion on its way to a client who may leave at any moment. */
export interface Turn {
  id: string;
  createdAt: Date;
  request: ChatRequest;
  answer: Answer;
  entry: Produced;
  strikes: Strikes;
  chunkDelayMs: number;
  response: ServerResponse;
  /** Aborted once the client is gone. */
  gone: AbortSignal;
}

export type Outcome = 'complete' | 'aborted' | 'cut' | 'failed';

/** Must be called before the first await: whoever leaves earlier would go unnoticed. */
export function watchClient(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => controller.abort());
  return controller.signal;
}

/** Waits, but not for a client who is gone. */
export async function pause(ms: number, gone: AbortSignal): Promise<void> {
  if (ms > 0) await sleep(ms, undefined, { signal: gone }).catch(() => undefined);
}

/** Null when the fault `no_usage` struck. */
export function usageOf({ entry, strikes }: Turn) {
  if (strikes.no_usage) return null;
  return {
    prompt_tokens: entry.promptTokens,
    completion_tokens: entry.completionTokens,
    total_tokens: entry.promptTokens + entry.completionTokens,
    prompt_tokens_details: { cached_tokens: entry.cachedTokens, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

/** What a provider sends along and a gateway must not pass on to its own clients. */
export function providerHeaders(turn: Turn): Record<string, string> {
  return {
    'x-request-id': turn.entry.requestId,
    'openai-organization': 'org-sandbox',
    'openai-version': '2020-10-01',
    'x-ratelimit-limit-requests': '10000',
    'x-ratelimit-remaining-requests': '9999',
    'set-cookie': '__cf_bm=sandbox; path=/; HttpOnly',
  };
}
