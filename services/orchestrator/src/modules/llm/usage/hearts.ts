import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HEARTBEAT } from './journal.ts';

interface Heard {
  beatMs: number;
  atMs: number;
}

/**
 * Which gateways are dead, by their journals' hearts: a heart has stopped when we have seen the same beat for `deadMs`, by
 * our own steady clock. Two clocks that differ, or one that is set, would make everybody dead at once.
 */
export class Hearts {
  readonly #deadMs: number;
  readonly #heard = new Map<string, Heard>();

  constructor(deadMs: number) {
    this.#deadMs = deadMs;
  }

  /** No heart at all is that of one that has ended in order. */
  async isDead(folder: string): Promise<boolean> {
    const beatMs = (await stat(join(folder, HEARTBEAT)).catch(() => undefined))?.mtimeMs;
    if (beatMs === undefined) return true;
    const nowMs = performance.now();
    const heard = this.#heard.get(folder);
    if (heard?.beatMs === beatMs) return nowMs - heard.atMs >= this.#deadMs;
    this.#heard.set(folder, { beatMs, atMs: nowMs });
    return false;
  }

  /** Only of these it is still asked. */
  keep(folders: readonly string[]): void {
    const kept = new Set(folders);
    for (const folder of this.#heard.keys()) if (!kept.has(folder)) this.#heard.delete(folder);
  }
}
