import type { Logger } from 'pino';
import type { CandidateBreakers } from '../resilience/candidate-breakers.ts';
import type { RetryBudget } from '../resilience/retry-budget.ts';
import type { Slots } from '../resilience/slots.ts';
import type { Candidate } from '../routing/route-plan.ts';
import type { Journal } from '../usage/journal.ts';
import type { Call } from './call.ts';
import type { Facts } from './facts.ts';
import type { Meter } from './meter.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { Caching } from './response-caching.ts';
import type { Envelope } from './surfaces/envelope.ts';
import type { Upstreams } from './upstreams.ts';

/** What all completions of a process share. */
export interface CompletionServices {
  upstreams: Upstreams;
  breakers: CandidateBreakers;
  slots: Slots;
  retries: RetryBudget;
  journal: Journal;
  metrics: GatewayMetrics;
  log: Logger;
  /** No other try begins after it. */
  deadlineMs: number;
  maxConcurrency: (provider: string) => number | null;
}

/** What one completion is about. */
export interface CompletionParts {
  call: Call;
  envelope: Envelope;
  meter: Meter;
  /** Who may answer, in the order in which they are tried. */
  order: readonly Candidate[];
  lastEvent: string;
  /** Another shape of the answer than the provider's. */
  present?: ((body: Buffer, facts: Facts) => Buffer) | undefined;
  caching?: Caching | undefined;
  onEnd: () => void;
}
