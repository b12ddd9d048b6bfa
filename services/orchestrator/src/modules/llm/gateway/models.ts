import type { Dispatcher } from 'undici';
import type { Upstream } from './upstream.ts';

export interface Model {
  id: string;
  object: 'model';
  created: number;
  owned_by: string;
}

const FRESH_MS = 60_000;
const MAX_BYTES = 8 * 1024 * 1024;

/** What the provider lists, asked at most once a minute; an old list is better than none. */
export class ModelList {
  readonly #upstream: Upstream;
  #models: Model[] | undefined;
  #askedAt = -Infinity;
  #asking: Promise<void> | undefined;

  constructor(upstream: Upstream) {
    this.#upstream = upstream;
  }

  /** Rejects when the provider never gave a list. */
  async get(requestId: string): Promise<readonly Model[]> {
    if (performance.now() - this.#askedAt > FRESH_MS) {
      this.#asking ??= this.#ask(requestId).finally(() => {
        this.#asking = undefined;
      });
      try {
        await this.#asking;
      } catch (error) {
        if (!this.#models) throw error;
      }
    }
    return this.#models ?? [];
  }

  async #ask(requestId: string): Promise<void> {
    const { provider } = this.#upstream;
    const { status, body } = await collect(this.#upstream, provider.modelsRequest(requestId));
    const models = status === 200 ? provider.readModels(body) : undefined;
    if (!models) throw new Error(`The provider's list of models could not be read (${status}).`);
    this.#models = models.map(({ id, created, ownedBy }) => ({ id, object: 'model', created, owned_by: ownedBy }));
    this.#askedAt = performance.now();
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
