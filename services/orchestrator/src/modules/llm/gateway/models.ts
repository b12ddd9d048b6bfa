import type { Dispatcher } from 'undici';
import type { Logger } from 'pino';
import type { ModelView } from '../routing/model-view.ts';
import type { Router } from '../routing/router.ts';
import type { Upstream, Upstreams } from './upstreams.ts';

const FRESH_MS = 60_000;
const RETRY_MS = 5000;
const MAX_BYTES = 8 * 1024 * 1024;

/** The models of a tier: those the routes name, and what providers list that take any name. */
export class ModelList {
  readonly #router: Router;
  readonly #upstreams: Upstreams;
  readonly #log: Logger;
  readonly #lists = new Map<string, ProviderList>();

  constructor(router: Router, upstreams: Upstreams, log: Logger) {
    this.#router = router;
    this.#upstreams = upstreams;
    this.#log = log;
  }

  /** Without the list of a provider that does not give one right now. */
  async of(tier: string, requestId: string): Promise<readonly ModelView[]> {
    const named = this.#router.models(tier);
    const known = new Set(named.map(({ id }) => id));
    const lists = await Promise.all(
      this.#router.openProviders(tier).map((provider) => this.#list(provider, requestId)),
    );
    return [...named, ...lists.flat().filter(({ id }) => !known.has(id) && known.add(id))];
  }

  async #list(provider: string, requestId: string): Promise<readonly ModelView[]> {
    let list = this.#lists.get(provider);
    if (!list) {
      list = new ProviderList(this.#upstreams.get(provider));
      this.#lists.set(provider, list);
    }
    try {
      return await list.get(requestId);
    } catch (error) {
      this.#log.warn({ err: error, provider, requestId }, 'the provider’s models are not known');
      return [];
    }
  }
}

/** What a provider lists, asked at most once a minute; an old list is better than none. */
class ProviderList {
  readonly #upstream: Upstream;
  #models: readonly ModelView[] | undefined;
  #askAt = -Infinity;
  #asking: Promise<void> | undefined;

  constructor(upstream: Upstream) {
    this.#upstream = upstream;
  }

  /** Rejects when the provider never gave a list; nobody waits for a newer one. */
  async get(requestId: string): Promise<readonly ModelView[]> {
    const asking = performance.now() > this.#askAt ? this.#askOnce(requestId) : undefined;
    if (!this.#models) await asking;
    else asking?.catch(() => undefined);
    return this.#models ?? [];
  }

  #askOnce(requestId: string): Promise<void> {
    this.#asking ??= this.#ask(requestId)
      .catch((error: unknown) => {
        this.#askAt = performance.now() + RETRY_MS;
        throw error;
      })
      .finally(() => {
        this.#asking = undefined;
      });
    return this.#asking;
  }

  async #ask(requestId: string): Promise<void> {
    const { provider } = this.#upstream;
    if (!provider.modelsRequest || !provider.readModels) {
      this.#models = [];
      this.#askAt = Infinity;
      return;
    }
    const { status, body } = await collect(this.#upstream, provider.modelsRequest(requestId));
    const models = status === 200 ? provider.readModels(body) : undefined;
    if (!models) throw new Error(`The list of models of ${provider.label} could not be read (${status}).`);
    this.#models = models.map(({ id, created, ownedBy }) => ({ id, object: 'model', created, owned_by: ownedBy }));
    this.#askAt = performance.now() + FRESH_MS;
  }
}

function collect(
  upstream: Upstream,
  request: Parameters<Upstream['dispatch']>[1],
): Promise<{ status: number; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let status = 0;
    let bytes = 0;
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: () => undefined,
      onResponseStart: (_, given) => {
        status = given;
      },
      onResponseData: (controller, chunk) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > MAX_BYTES) controller.abort(new Error('The list of models is too long.'));
      },
      onResponseEnd: () => resolve({ status, body: Buffer.concat(chunks) }),
      onResponseError: (_, error) => reject(error),
    };
    upstream.dispatch('GET', request, handler, { isStream: true });
  });
}
