import type { Adapter, AdapterFactory, AdapterPayload, ClientMetadata } from 'oidc-provider';

interface Stored {
  payload: AdapterPayload;
  expiresAt: number;
}

/** Everything the provider remembers, kept in this process. The library's own memory store forgets beyond 1000 entries. */
export class Store {
  readonly #models = new Map<string, Map<string, Stored>>();
  readonly #client: () => ClientMetadata;

  constructor(client: () => ClientMetadata) {
    this.#client = client;
  }

  readonly adapter: AdapterFactory = (name) => (name === 'Client' ? this.#clientAdapter() : this.#adapterFor(name));

  sessions(): AdapterPayload[] {
    return [...this.#live('Session')].map(([, stored]) => stored.payload);
  }

  sessionIdsOf(sub: string): string[] {
    return this.sessions().flatMap(({ accountId, jti }) => (accountId === sub && jti ? [jti] : []));
  }

  hasSession(sid: string): boolean {
    return this.sessions().some((session) =>
      Object.values(session.authorizations ?? {}).some((authorization) => authorization.sid === sid),
    );
  }

  clear(): void {
    this.#models.clear();
  }

  #clientAdapter(): Adapter {
    const find = (id: string) => {
      const client = this.#client();
      return Promise.resolve(client.client_id === id ? (client as AdapterPayload) : undefined);
    };
    return { ...this.#adapterFor('Client'), find };
  }

  #adapterFor(model: string): Adapter {
    const entries = () => this.#model(model);
    const find = (matches: (payload: AdapterPayload) => boolean) => {
      for (const [, stored] of this.#live(model)) if (matches(stored.payload)) return Promise.resolve(stored.payload);
      return Promise.resolve(undefined);
    };
    return {
      upsert: (id, payload, expiresIn) => {
        const expiresAt = expiresIn === undefined ? Infinity : Date.now() + expiresIn * 1000;
        entries().set(id, { payload, expiresAt });
        return Promise.resolve();
      },
      find: (id) => {
        const stored = entries().get(id);
        return Promise.resolve(stored && stored.expiresAt > Date.now() ? stored.payload : undefined);
      },
      findByUid: (uid) => find((payload) => payload.uid === uid),
      findByUserCode: (userCode) => find((payload) => payload.userCode === userCode),
      consume: (id) => {
        const stored = entries().get(id);
        if (stored) stored.payload.consumed = Math.floor(Date.now() / 1000);
        return Promise.resolve();
      },
      destroy: (id) => {
        entries().delete(id);
        return Promise.resolve();
      },
      revokeByGrantId: (grantId) => {
        for (const [id, stored] of entries()) if (stored.payload.grantId === grantId) entries().delete(id);
        return Promise.resolve();
      },
    };
  }

  #model(name: string): Map<string, Stored> {
    const model = this.#models.get(name) ?? new Map<string, Stored>();
    this.#models.set(name, model);
    return model;
  }

  /** Walking over a model is also the moment to drop what has expired. */
  *#live(name: string): Generator<[string, Stored]> {
    const model = this.#model(name);
    const now = Date.now();
    for (const [id, stored] of model) {
      if (stored.expiresAt > now) yield [id, stored];
      else model.delete(id);
    }
  }
}
