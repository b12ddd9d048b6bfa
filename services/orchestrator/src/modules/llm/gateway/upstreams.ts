import { type Dispatcher, Pool } from 'undici';
import type { Config } from '#core/config/variables.ts';
import type { Provider, UpstreamRequest } from '../providers/provider.ts';

/** Below what providers keep, so that a connection is not used in the moment they close it. */
const KEEP_ALIVE_MS = 4000;

type Times = Pick<
  Config,
  | 'LLM_MAX_LIVE_REQUESTS'
  | 'LLM_CONNECT_TIMEOUT_MS'
  | 'LLM_FIRST_BYTE_TIMEOUT_MS'
  | 'LLM_ANSWER_TIMEOUT_MS'
  | 'LLM_IDLE_TIMEOUT_MS'
>;

/** A provider and the connections to it. A stream holds one for its whole life, so there may be as many as live requests. */
export class Upstream {
  readonly provider: Provider;
  readonly #pool: Pool;
  readonly #basePath: string;
  readonly #config: Times;

  constructor(provider: Provider, config: Times) {
    const url = new URL(provider.url);
    this.provider = provider;
    this.#config = config;
    this.#basePath = url.pathname.replace(/\/$/, '');
    this.#pool = new Pool(url.origin, {
      connections: config.LLM_MAX_LIVE_REQUESTS + 16,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connect: { timeout: config.LLM_CONNECT_TIMEOUT_MS },
    });
  }

  /** Never throws and never rejects: everything that happens is told to the handler. */
  dispatch(
    method: 'GET' | 'POST',
    { path, headers, body }: UpstreamRequest,
    handler: Dispatcher.DispatchHandler,
    { isStream }: { isStream: boolean },
  ): void {
    const { LLM_FIRST_BYTE_TIMEOUT_MS, LLM_ANSWER_TIMEOUT_MS, LLM_IDLE_TIMEOUT_MS } = this.#config;
    this.#pool.dispatch(
      {
        method,
        path: this.#basePath + path,
        headers,
        body: body.length === 0 ? null : body,
        headersTimeout: isStream ? LLM_FIRST_BYTE_TIMEOUT_MS : LLM_ANSWER_TIMEOUT_MS,
        bodyTimeout: LLM_IDLE_TIMEOUT_MS,
      },
      handler,
    );
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

/** All providers that are on. */
export class Upstreams {
  readonly #upstreams: ReadonlyMap<string, Upstream>;

  constructor(providers: ReadonlyMap<string, Provider>, times: Times) {
    this.#upstreams = new Map([...providers].map(([name, provider]) => [name, new Upstream(provider, times)]));
  }

  get size(): number {
    return this.#upstreams.size;
  }

  get(provider: string): Upstream {
    const upstream = this.#upstreams.get(provider);
    if (!upstream) throw new Error(`The route names the provider ${provider}, which is off`);
    return upstream;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#upstreams.values()].map((upstream) => upstream.close()));
  }
}
