import { setTimeout as sleep } from 'node:timers/promises';
import { SetupFailure } from './failure.ts';

const EVERY_MS = 1000;
const TELL_EVERY_MS = 10_000;
const PROBE_MS = 5000;

export interface Patience {
  timeoutMs: number;
  /** Told at once and then every ten seconds what is waited for. */
  tell: (line: string) => void;
}

/** Until the service answers there, if only to refuse; gives up with what it said last. */
export async function waitFor(service: string, url: string, { timeoutMs, tell }: Patience): Promise<void> {
  const startedAt = Date.now();
  let toldAt = -Infinity;
  for (;;) {
    const reason = await whyNot(url);
    if (reason === undefined) return;
    const waitedMs = Date.now() - startedAt;
    if (waitedMs >= timeoutMs)
      throw new SetupFailure({
        what: `${service} did not answer within ${Math.round(timeoutMs / 1000)} s`,
        why: `${url}: ${reason}`,
        fix: `look at "docker compose logs ${service}"; when it runs, start again: docker compose up -d`,
      });
    if (Date.now() - toldAt >= TELL_EVERY_MS) {
      tell(`waiting for ${service} since ${Math.round(waitedMs / 1000)} s (${reason})`);
      toldAt = Date.now();
    }
    await sleep(EVERY_MS);
  }
}

async function whyNot(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_MS) });
    await response.body?.cancel();
    return response.status < 500 ? undefined : `it answers ${response.status}`;
  } catch (error) {
    return reasonOf(error);
  }
}

/** fetch says "fetch failed" and keeps what happened in the cause. */
export function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  if (cause instanceof AggregateError && cause.errors.length > 0) return reasonOf(cause.errors[0]);
  return cause instanceof Error ? reasonOf(cause) : (error as Error).message;
}
