import { signIn } from '@bastide/sandbox';
import type { Answer, TestApi } from './api.ts';
import type { Caller, MatrixRequest } from './matrix.ts';

/** One person's browser: keeps what our API and the provider set, and follows the redirects of a sign-in. */
export class Browser {
  readonly cookies = new Map<string, string>();
  readonly #atProvider = new Map<string, string>();
  readonly #api: TestApi;

  constructor(api: TestApi) {
    this.#api = api;
  }

  get cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  async request(method: string, path: string, request: MatrixRequest = {}): Promise<Answer> {
    const headers = { ...(this.cookies.size > 0 && { cookie: this.cookieHeader }), ...request.headers };
    const answer = await this.#api.request(method, path, null, { ...request, headers });
    for (const cookie of answer.headers.getSetCookie()) this.#keep(cookie);
    return answer;
  }

  /** To the provider: the authorization request that our API sends the browser off with. */
  async beginLogin(returnTo?: string): Promise<string> {
    const answer = await this.request('get', '/auth/login', returnTo === undefined ? {} : { query: { returnTo } });
    if (answer.status !== 302) throw new Error(`No redirect to sign in: ${JSON.stringify(answer.body)}`);
    return answer.headers.get('location') ?? '';
  }

  /** Through the provider's form; answers the query of the callback, not yet called. */
  async passProvider(url: string, email = 'owner@example.test'): Promise<Record<string, string>> {
    const callback = await signIn({ url, email, cookies: this.#atProvider });
    return Object.fromEntries(new URL(callback).searchParams);
  }

  callback(query: Record<string, string>): Promise<Answer> {
    return this.request('get', '/auth/callback', { query });
  }

  async login(email?: string, returnTo?: string): Promise<Answer> {
    return this.callback(await this.passProvider(await this.beginLogin(returnTo), email));
  }

  /** As the matrix and the other helpers know a caller. */
  asCaller(tenantId = ''): Caller {
    const headers = { cookie: this.cookieHeader, 'x-csrf': '1', ...(tenantId && { 'x-tenant-id': tenantId }) };
    return { headers, tenantId, userId: '' };
  }

  #keep(cookie: string): void {
    const [pair = '', ...attributes] = cookie.split('; ');
    const [name = '', ...value] = pair.split('=');
    if (attributes.includes('Max-Age=0')) this.cookies.delete(name);
    else this.cookies.set(name, value.join('='));
  }
}
