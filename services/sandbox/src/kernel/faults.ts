import { randomUUID } from 'node:crypto';
import { z } from 'zod';

const pattern = z.string().refine((source) => {
  try {
    return Boolean(new RegExp(source));
  } catch {
    return false;
  }
}, 'not a regular expression');

/**
 * How a stand-in misbehaves on demand.
 * - `latency` waits `ms` and then answers; `hang` never answers; `status` answers `status` without doing the work;
 * - `drop_before` cuts the connection before the work, `drop_after` after the work was done and kept;
 * - `webhook_lose`, `webhook_duplicate`, `webhook_delay` (`ms`) and `webhook_reorder` act on outgoing webhooks;
 * - any other kind belongs to one stand-in, which documents it (for instance `stream_cut` of the LLM).
 */
export const Fault = z.strictObject({
  id: z.string().default(() => randomUUID()),
  /** Name of the stand-in: lago, stripe, chargily, oidc, llm, anthropic, gemini, smtp, bench. */
  target: z.string().min(1),
  kind: z.string().min(1),
  /** Regular expressions on the request; left out = every request. */
  method: pattern.optional(),
  path: pattern.optional(),
  status: z.number().int().min(100).max(599).optional(),
  ms: z.number().int().nonnegative().optional(),
  /** For `stream_cut` and `stall_mid` of the LLM: how many chunks arrive before. */
  chunks: z.number().int().nonnegative().optional(),
  /** How often it strikes before it is spent; left out = until removed. */
  times: z.number().int().positive().optional(),
  /** 0–1, default 1. */
  probability: z.number().min(0).max(1).default(1),
});
export type Fault = z.output<typeof Fault>;

export class Faults {
  #faults: Fault[] = [];

  add(input: z.input<typeof Fault>): Fault {
    const fault = Fault.parse(input);
    this.#faults.push(fault);
    return fault;
  }

  list(): readonly Fault[] {
    return this.#faults;
  }

  remove(id: string): void {
    this.#faults = this.#faults.filter((fault) => fault.id !== id);
  }

  clear(): void {
    this.#faults = [];
  }

  /** The first fault that strikes this time, counted down. */
  take(target: string, kinds: readonly string[], request: { method: string; path: string }): Fault | undefined {
    const fault = this.#faults.find(
      (f) =>
        f.target === target &&
        kinds.includes(f.kind) &&
        (f.method === undefined || new RegExp(f.method, 'i').test(request.method)) &&
        (f.path === undefined || new RegExp(f.path).test(request.path)) &&
        Math.random() < f.probability,
    );
    if (fault?.times !== undefined) {
      fault.times -= 1;
      if (fault.times === 0) this.remove(fault.id);
    }
    return fault;
  }
}
