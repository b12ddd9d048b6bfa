import type { RoutesDocument } from './document.ts';

/** A model as the document knows it. */
export interface KnownModel {
  name: string;
  /** Its name at each provider that has it. */
  at: ReadonlyMap<string, string>;
}

/** What clients may call the models of a document: by our names, and by any name that a provider has for them. */
export class ModelNames {
  readonly #models = new Map<string, KnownModel>();
  readonly #byUpstreamName = new Map<string, KnownModel>();
  readonly #byProvider = new Map<string, Map<string, KnownModel>>();

  constructor(models: RoutesDocument['models']) {
    for (const [name, aliases] of Object.entries(models)) {
      const model: KnownModel = { name, at: new Map(Object.entries(aliases)) };
      this.#models.set(name, model);
      for (const [provider, upstreamName] of model.at) this.#remember(model, provider, upstreamName);
    }
  }

  /** Two models may have one name at a provider: the first in the document is meant. */
  #remember(model: KnownModel, provider: string, upstreamName: string): void {
    if (!this.#byUpstreamName.has(upstreamName)) this.#byUpstreamName.set(upstreamName, model);
    const names = this.#byProvider.get(provider) ?? new Map<string, KnownModel>();
    this.#byProvider.set(provider, names);
    if (!names.has(upstreamName)) names.set(upstreamName, model);
  }

  get all(): Iterable<KnownModel> {
    return this.#models.values();
  }

  get(name: string): KnownModel | undefined {
    return this.#models.get(name);
  }

  /** The model that some provider calls this. */
  withUpstreamName(name: string): KnownModel | undefined {
    return this.#byUpstreamName.get(name);
  }

  /** The model that this provider calls this. */
  at(provider: string, name: string): KnownModel | undefined {
    return this.#byProvider.get(provider)?.get(name);
  }

  /** There are only so many of them, unlike what clients make up. */
  isKnown(name: string): boolean {
    return this.#models.has(name) || this.#byUpstreamName.has(name);
  }
}
