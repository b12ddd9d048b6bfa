import type { Browser } from './browser.ts';

/** The public API as the dashboard uses it: session cookie, CSRF header, tenant header. */
export class ApiClient {
  tenantId: string | undefined;
  readonly #browser: Browser;
  readonly #url: string;

  constructor(browser: Browser, url: string) {
    this.#browser = browser;
    this.#url = url;
  }

  get<T>(path: string): Promise<T> {
    return this.#call<T>('GET', path);
  }

  post<T>(path: string, body: unknown, idempotencyKey: string = crypto.randomUUID()): Promise<T> {
    return this.#call<T>('POST', path, body, { 'idempotency-key': idempotencyKey });
  }

  /** Server-sent events until the server ends the stream. */
  async *events<T>(path: string): AsyncGenerator<T> {
    const response = await this.#send('GET', path);
    if (!response.ok || !response.body) throw new Error(`GET ${path} answered ${response.status}`);
    let rest = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + chunk).split('\n\n');
      rest = parts.pop() ?? '';
      for (const part of parts) {
        const data = part.split('\n').find((line) => line.startsWith('data: '));
        if (data !== undefined) yield JSON.parse(data.slice(6)) as T;
      }
    }
  }

  async #call<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
    const response = await this.#send(method, path, body, headers);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text.slice(0, 500)}`);
    return JSON.parse(text) as T;
  }

  #send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return this.#browser.request(this.#url + path, {
      method,
      headers: {
        'x-csrf': '1',
        ...(this.tenantId !== undefined && { 'x-tenant-id': this.tenantId }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }
}

/** Polls until `probe` gives something; the error says what was waited for. */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined | false>,
  timeoutMs = 60_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`Waited ${timeoutMs / 1000} s for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}
