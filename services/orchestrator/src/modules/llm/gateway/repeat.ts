import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '#core/context.ts';

interface Loop {
  name: string;
  everyMs: number;
  work: () => Promise<void>;
  signal: AbortSignal;
}

const MAX_PAUSE_MS = 5000;

/** Does `work` again and again until `signal` fires; a failure is logged once and tried again, ever more slowly. */
export async function repeat(ctx: Context, { name, everyMs, work, signal }: Loop): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    try {
      await work();
      if (failures > 0) ctx.log.info({ loop: name }, 'loop is well again');
      failures = 0;
    } catch (error) {
      failures += 1;
      if (failures === 1) ctx.log.warn({ err: error, loop: name }, 'loop failed, goes on');
    }
    const pauseMs = Math.max(everyMs, Math.min(everyMs * 2 ** Math.min(failures, 4), MAX_PAUSE_MS));
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}
