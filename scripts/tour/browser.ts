/** A browser without pictures: cookies, redirects, forms. Enough to sign in and pay as a person would. */
export class Browser {
  /** By host and port, since two stand-ins on one host must not see each other's cookies. */
  readonly #cookies = new Map<string, Map<string, string>>();

  /** One request, without following redirects. */
  async request(url: string, init: RequestInit = {}): Promise<Response> {
    const { host } = new URL(url);
    const headers = new Headers(init.headers);
    const cookies = this.#cookies.get(host);
    if (cookies?.size) headers.set('cookie', [...cookies].map(([name, value]) => `${name}=${value}`).join('; '));
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    this.#keepCookies(host, response);
    return response;
  }

  /** Follows redirects to the page that is shown in the end. */
  async open(url: string, init: RequestInit = {}): Promise<{ url: string; response: Response }> {
    let current = { url, response: await this.request(url, init) };
    for (let hops = 0; current.response.status >= 300 && current.response.status < 400; hops += 1) {
      if (hops > 20) throw new Error(`Too many redirects, last at ${current.url}`);
      await current.response.arrayBuffer();
      const next = new URL(current.response.headers.get('location') ?? '', current.url).href;
      current = { url: next, response: await this.request(next) };
    }
    return current;
  }

  /** Sends the first form of a page with these fields changed. */
  async submit(page: { url: string; html: string }, fields: Record<string, string>) {
    const form = /<form\b[^>]*>/i.exec(page.html)?.[0];
    if (!form) throw new Error(`There is no form at ${page.url}`);
    const action = unescape(/action="([^"]*)"/i.exec(form)?.[1] ?? page.url);
    const body = new URLSearchParams(hiddenFields(page.html));
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    return this.open(new URL(action, page.url).href, { method: 'POST', body });
  }

  #keepCookies(host: string, response: Response): void {
    const jar = this.#cookies.get(host) ?? new Map<string, string>();
    this.#cookies.set(host, jar);
    for (const line of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(/;\s*/);
      const name = pair.slice(0, pair.indexOf('='));
      const value = pair.slice(pair.indexOf('=') + 1);
      const isDeleted = attributes.some((a) => /^max-age=0$/i.test(a) || /^expires=Thu, 01 Jan 1970/i.test(a));
      if (isDeleted || value === '') jar.delete(name);
      else jar.set(name, value);
    }
  }
}

function hiddenFields(html: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [tag] of html.matchAll(/<input\b[^>]*type="hidden"[^>]*>/gi)) {
    const name = /name="([^"]*)"/i.exec(tag)?.[1];
    if (name !== undefined) fields[name] = unescape(/value="([^"]*)"/i.exec(tag)?.[1] ?? '');
  }
  return fields;
}

const unescape = (text: string) => text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'");
