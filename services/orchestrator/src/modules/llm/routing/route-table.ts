import type { PriceTable } from '../prices/prices.ts';
import type { Surface } from '../providers/provider.ts';
import type { ProviderSet } from '../providers/registry.ts';
import { LOWEST_TIER, type RoutesDocument, type TierRoutes } from './document.ts';
import { type ModelView, viewOf } from './model-view.ts';
import { ModelNames } from './names.ts';
import { matcherOf } from './patterns.ts';
import { PlanMemory } from './plan-memory.ts';
import { type Candidate, RoutePlan, type WeightedCandidate } from './route-plan.ts';

/** Of which nothing is known: its models cost what the list says, or nobody knows what. */
export const ANYBODY = 'custom';
/** An embedding of another model would be worthless beside those the client already has. */
const NEVER_ANOTHER_MODEL: ReadonlySet<Surface> = new Set(['embeddings']);
const LISTED: readonly Surface[] = ['chat', 'responses', 'messages', 'embeddings'];

type Matcher = (name: string) => boolean;

interface TierRoute {
  provider: string;
  weight: number;
  mayUse: Matcher;
}

interface CompiledTier {
  name: string;
  routes: readonly TierRoute[];
  defaultModel: string;
}

export interface ProviderSettings {
  isFree: boolean;
  maxConcurrency: number | null;
}

/** One revision of the routes with the providers that are on: every plan follows from it and never changes. */
export class RouteTable {
  readonly version: number;
  readonly document: RoutesDocument;
  readonly #providers: ProviderSet;
  readonly #prices: PriceTable;
  readonly #names: ModelNames;
  readonly #tiers: ReadonlyMap<string, CompiledTier>;
  readonly #lowest: CompiledTier;
  readonly #passes = new Map<string, Matcher>();
  readonly #memory: PlanMemory;
  readonly #views = new Map<string, readonly ModelView[]>();

  constructor(version: number, document: RoutesDocument, providers: ProviderSet, prices: PriceTable) {
    this.version = version;
    this.document = document;
    this.#providers = providers;
    this.#prices = prices;
    this.#names = new ModelNames(document.models);
    this.#memory = new PlanMemory((model) => this.#names.isKnown(model));
    this.#tiers = new Map(Object.entries(document.tiers).map(([name, tier]) => [name, compileTier(name, tier)]));
    const lowest = this.#tiers.get(LOWEST_TIER);
    if (!lowest) throw new Error(`The routes have no tier ${LOWEST_TIER}.`);
    this.#lowest = lowest;
    for (const [name, { passThrough }] of Object.entries(document.providers))
      if (passThrough) this.#passes.set(name, matcherOf(passThrough));
  }

  /** Undefined: nobody serves it to this tier. */
  plan(tier: string, model: string, surface: Surface): RoutePlan | undefined {
    return this.#memory.get(tier, surface, model, () => this.#makePlan(this.#tierOf(tier), model, surface));
  }

  /** Of those who take nothing: who has the model, or else serves another in its place. */
  freePlan(model: string, surface: Surface): RoutePlan | undefined {
    return this.#memory.get('', surface, model, () => this.#makeFreePlan(model, surface));
  }

  /** The models of the document that this tier may use now, of providers that are said to have them. */
  models(tier: string): readonly ModelView[] {
    const known = this.#views.get(this.#tierOf(tier).name);
    if (known) return known;
    const views = [...this.#names.all].flatMap(({ name, at }) => {
      for (const surface of LISTED) {
        const plan = this.plan(tier, name, surface);
        // Who takes any name may not have this one: their own lists say what they have.
        if (plan?.candidates.some(({ provider }) => at.has(provider))) return [viewOf(plan)];
      }
      return [];
    });
    this.#views.set(this.#tierOf(tier).name, views);
    return views;
  }

  /** For a request that names no model. */
  defaultModel(tier: string): string | undefined {
    const { defaultModel } = this.#tierOf(tier);
    return this.plan(tier, defaultModel, 'chat') ? defaultModel : this.models(tier)[0]?.id;
  }

  /** Those that are on, of this tier, and take any name. */
  openProviders(tier: string): readonly string[] {
    return this.#tierOf(tier)
      .routes.map(({ provider }) => provider)
      .filter((provider) => this.#providers.on.has(provider))
      .filter((provider) => this.document.providers[provider]?.passThrough?.includes('*'));
  }

  settingsOf(provider: string): ProviderSettings {
    const { isFree = false, maxConcurrency = null } = this.document.providers[provider] ?? {};
    return { isFree, maxConcurrency };
  }

  /** The model's name where there may only be so many, as in metrics. */
  labelOf(model: string): string {
    return this.#names.get(model)?.name ?? this.#names.withUpstreamName(model)?.name ?? 'other';
  }

  #tierOf(name: string): CompiledTier {
    return this.#tiers.get(name) ?? this.#lowest;
  }

  #makePlan(tier: CompiledTier, model: string, surface: Surface): RoutePlan | undefined {
    const candidates = this.#candidatesOf(tier, model, surface);
    return candidates.length === 0 ? undefined : new RoutePlan(model, candidates, `${this.version}/${tier.name}`);
  }

  /** A name of ours comes first, then `provider/model`, then a name that some provider has for a model. */
  #candidatesOf(tier: CompiledTier, asked: string, surface: Surface): WeightedCandidate[] {
    const own = this.#names.get(asked);
    const direct = own ? undefined : this.#direct(tier, asked, surface);
    if (direct) return [direct];
    const known = own ?? this.#names.withUpstreamName(asked);
    return tier.routes.flatMap((route) => {
      if (!route.mayUse(asked) && !(known && route.mayUse(known.name))) return [];
      const name = known?.at.get(route.provider) ?? this.#passedThrough(route.provider, asked);
      const candidate = name === undefined ? undefined : this.#candidate(route.provider, name, surface);
      return candidate ? [{ ...candidate, weight: route.weight }] : [];
    });
  }

  #direct(tier: CompiledTier, asked: string, surface: Surface): WeightedCandidate | undefined {
    const [provider, name] = splitDirect(asked);
    const route = tier.routes.find((route) => route.provider === provider);
    if (!route) return undefined;
    const known = this.#names.at(provider, name) ?? this.#names.get(name);
    if (!route.mayUse(asked) && !(known && route.mayUse(known.name))) return undefined;
    const candidate = this.#candidate(provider, known?.at.get(provider) ?? name, surface);
    return candidate && { ...candidate, weight: route.weight };
  }

  #makeFreePlan(asked: string, surface: Surface): RoutePlan | undefined {
    const free = Object.keys(this.document.providers).filter((provider) => this.settingsOf(provider).isFree);
    const [directProvider, directName] = splitDirect(asked);
    const known =
      this.#names.get(asked) ?? this.#names.at(directProvider, directName) ?? this.#names.withUpstreamName(asked);
    const having = free.map(
      (provider) =>
        known?.at.get(provider) ?? (provider === directProvider ? directName : this.#passedThrough(provider, asked)),
    );
    const instead = free.map((provider) =>
      NEVER_ANOTHER_MODEL.has(surface) ? undefined : this.#defaultModelAt(provider),
    );
    const candidates = [having, instead].flatMap((names, round) =>
      free.flatMap((provider, index) => {
        const name = names[index];
        if (name === undefined || (round === 1 && having[index] !== undefined)) return [];
        const candidate = this.#candidate(provider, name, surface);
        return candidate ? [{ ...candidate, weight: 0 }] : [];
      }),
    );
    return candidates.length === 0 ? undefined : new RoutePlan(asked, candidates, 'free');
  }

  #defaultModelAt(provider: string): string | undefined {
    const name = this.document.providers[provider]?.defaultModel;
    return name === undefined ? undefined : this.#names.get(name)?.at.get(provider);
  }

  #passedThrough(provider: string, name: string): string | undefined {
    return this.#passes.get(provider)?.(name) ? name : undefined;
  }

  /** Undefined when the provider is off, does not speak this way, or nobody could say what it would cost. */
  #candidate(provider: string, model: string, surface: Surface): Candidate | undefined {
    if (!this.#providers.on.get(provider)?.dialects[surface]) return undefined;
    const price = this.#prices.find(provider, model) ?? null;
    const { isFree } = this.settingsOf(provider);
    return price || isFree || provider === ANYBODY ? { provider, model, isFree, price } : undefined;
  }
}

function compileTier(name: string, { routes, models = ['*'], defaultModel }: TierRoutes): CompiledTier {
  const tierMayUse = matcherOf(models);
  return {
    name,
    defaultModel,
    routes: routes.map(({ provider, weight, models }) => ({
      provider,
      weight,
      mayUse: models ? matcherOf(models) : tierMayUse,
    })),
  };
}

/** `groq/openai/gpt-oss-20b` is openai/gpt-oss-20b of groq. */
function splitDirect(name: string): [provider: string, model: string] {
  const slash = name.indexOf('/');
  return slash < 0 ? ['', name] : [name.slice(0, slash), name.slice(slash + 1)];
}
