import type { ResponseCache } from '../cache/response-cache.ts';
import type { Router } from '../routing/router.ts';
import type { LoadShedder } from '../resilience/load-shedder.ts';
import type { CompletionServices } from './completion-parts.ts';
import type { Completion } from './completion.ts';
import type { Live } from './live.ts';
import type { HeldBodies } from './held-bodies.ts';
import type { MeterParts } from './meter.ts';
import type { ModelList } from './models.ts';
import type { Principals } from './principals.ts';

/** Everything that serving a request takes; one of it per process. */
export interface ServingParts extends MeterParts, CompletionServices {
  principals: Principals;
  router: Router;
  models: ModelList;
  shedder: LoadShedder;
  bodies: HeldBodies;
  /** Undefined when there is none. */
  cache: ResponseCache | undefined;
  live: Live<Completion>;
  isStopping: boolean;
}
