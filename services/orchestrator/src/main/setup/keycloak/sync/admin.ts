import type { Logger } from 'pino';
import { z } from 'zod';
import type { KeycloakSettings } from '../settings.ts';

const TIMEOUT_MS = 30_000;
const PATIENCE_MS = 120_000;
const RETRY_MS = 2000;
/** A token of realm master lives a minute. */
const RENEW_BEFORE_MS = 15_000;

const Token = z.object({ access_token: z.string(), expires_in: z.number() });
const Problem = z.object({
  error: z.string().optional(),
  errorMessage: z.string().optional(),
  error_description: z.string().optional(),
});

export class KeycloakError extends Error {
  override readonly name = 'KeycloakError';
  readonly status: number;
  constructor(request: string, status: number, reason: string) {
    super(`Keycloak answered ${status} to ${request}: ${reason}`);
    this.status = status;
  }
}

type Settings = Pick<KeycloakSettings, 'KEYCLOAK_URL' | 'KEYCLOAK_ADMIN_CLIENT_ID' | 'KEYCLOAK_ADMIN_CLIENT_SECRET'>;

/** Keycloak's admin REST API as the service account of realm master. Paths are below /admin/realms. */
export class KeycloakAdmin {
  readonly #settings: Settings;
  readonly #log: Logger;
  #token: { value: string; renewAt: number } | undefined;

  constructor(settings: Settings, log: Logger) {
    this.#settings = settings;
    this.#log = log;
  }

  /** Undefined when there is no such thing. */
  async get<T>(path: string): Promise<T | undefined> {
    const response = await this.#call('GET', path);
    return response.status === 404 ? undefined : ((await response.json()) as T);
  }

  /** As `get`, for what must be there. */
  async require<T>(path: string): Promise<T> {
    const found = await this.get<T>(path);
    if (found === undefined) throw new KeycloakError(`GET ${path}`, 404, 'it has just been there');
    return found;
  }

  async post(path: string, body: unknown): Promise<void> {
    await this.#call('POST', path, body);
  }

  /**
   * As `post`, and content when it exists already: Keycloak goes on with what a run of ours began that was killed. What
   * differs in it is found by the next look.
   */
  async create(path: string, body: unknown): Promise<void> {
    try {
      await this.post(path, body);
    } catch (error) {
      if (!(error instanceof KeycloakError) || error.status !== 409) throw error;
    }
  }

  async put(path: string, body: unknown = {}): Promise<void> {
    await this.#call('PUT', path, body);
  }

  async delete(path: string): Promise<void> {
    await this.#call('DELETE', path);
  }

  /** Waits until Keycloak answers; then a refused secret is an error at once. */
  async signIn(): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      try {
        this.#token = await this.#fetchToken();
        return;
      } catch (error) {
        const isUp = error instanceof KeycloakError && error.status < 500;
        if (isUp || Date.now() > deadline) throw error;
        this.#log.info({ reason: (error as Error).message }, 'waiting for Keycloak');
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  async #call(method: string, path: string, body?: unknown): Promise<Response> {
    if (!this.#token || this.#token.renewAt < Date.now()) await this.signIn();
    const response = await fetch(`${this.#settings.KEYCLOAK_URL}/admin/realms${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token?.value}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.ok || (method === 'GET' && response.status === 404)) return response;
    throw new KeycloakError(`${method} ${path}`, response.status, await reasonOf(response));
  }

  async #fetchToken() {
    const { KEYCLOAK_URL, KEYCLOAK_ADMIN_CLIENT_ID: id, KEYCLOAK_ADMIN_CLIENT_SECRET: secret } = this.#settings;
    const response = await fetch(`${KEYCLOAK_URL}/realms/master/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', client_id: id, client_secret: secret }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok)
      throw new KeycloakError(`client ${id} of realm master`, response.status, await reasonOf(response));
    const { access_token: value, expires_in: lifetimeS } = Token.parse(await response.json());
    return { value, renewAt: Date.now() + lifetimeS * 1000 - RENEW_BEFORE_MS };
  }
}

async function reasonOf(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const { errorMessage, error_description: description, error } = Problem.parse(JSON.parse(text));
    return errorMessage ?? description ?? error ?? text.slice(0, 300);
  } catch {
    return text.slice(0, 300) || response.statusText;
  }
}
