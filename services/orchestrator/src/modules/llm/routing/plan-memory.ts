import type { Surface } from '../providers/provider.ts';
import type { RoutePlan } from './route-plan.ts';

/** Names that nobody knows are remembered up to this many per tier and surface: a client may make up any number. */
const MAX_UNKNOWN = 500;

interface Remembered {
  known: Map<string, RoutePlan | null>;
  unknown: Map<string, RoutePlan | null>;
}

/** Plans by tier, surface and model, so that a request costs three look-ups. */
export class PlanMemory {
  readonly #isKnown: (model: string) => boolean;
  readonly #bySurface: Record<Surface, Map<string, Remembered>> = {
    chat: new Map(),
    embeddings: new Map(),
    responses: new Map(),
    messages: new Map(),
  };

  constructor(isKnown: (model: string) => boolean) {
    this.#isKnown = isKnown;
  }

  get(tier: string, surface: Surface, model: string, make: () => RoutePlan | undefined): RoutePlan | undefined {
    const tiers = this.#bySurface[surface];
    let plans = tiers.get(tier);
    if (!plans) {
      plans = { known: new Map(), unknown: new Map() };
      tiers.set(tier, plans);
    }
    let plan = plans.known.get(model);
    if (plan === undefined) plan = plans.unknown.get(model);
    if (plan === undefined) plan = this.#remember(plans, model, make() ?? null);
    return plan ?? undefined;
  }

  #remember({ known, unknown }: Remembered, model: string, plan: RoutePlan | null): RoutePlan | null {
    if (this.#isKnown(model)) known.set(model, plan);
    else {
      if (unknown.size >= MAX_UNKNOWN) unknown.delete(unknown.keys().next().value ?? '');
      unknown.set(model, plan);
    }
    return plan;
  }
}
