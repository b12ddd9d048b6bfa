import type { RequestListener } from 'node:http';
import type { Clock } from './clock.ts';
import type { Fault, Faults } from './faults.ts';
import type { RequestLog } from './request-log.ts';

/** What every stand-in is given. */
export interface World {
  clock: Clock;
  faults: Faults;
  log: RequestLog;
}

/** One outside system, whatever protocol it speaks. */
export interface Controllable {
  name: string;
  /** What the control page and tests may look at; JSON. */
  state(): unknown;
  /** Forgets everything, as on a fresh start. */
  reset(): void | Promise<void>;
  /** What a person can do by hand on the control page or a test through the control API (pay, refund, send again). */
  actions?: Record<string, (input: Record<string, unknown>) => unknown>;
  /** Ends timers and deliveries under way, so that a process that started the sandbox can end. */
  stop?(): void | Promise<void>;
}

/** An outside system spoken to over HTTP at a port of its own. */
export interface StandIn extends Controllable {
  handler: RequestListener;
  /** How this vendor words an error, for the fault `status`; left out = a plain JSON body. */
  refusal?(status: number, fault: Fault): Refusal;
}

export interface Refusal {
  headers?: Record<string, string>;
  body: unknown;
}
