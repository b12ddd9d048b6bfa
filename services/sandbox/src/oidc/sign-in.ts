import { DEMO_PASSWORD } from './accounts.ts';

export interface SignIn {
  /** The authorization request the application sent the browser to. */
  url: string;
  email: string;
  password?: string;
  /** The browser's cookies at the provider; pass the same map again to return with a living session. */
  cookies?: Map<string, string>;
}

/**
 * Plays the browser between the application's redirect to the provider and the provider's redirect back, through the real
 * login form. Answers the application's callback URL, not yet called; it carries `code` or `error`.
 */
export async function signIn({ url, email, password = DEMO_PASSWORD, cookies = new Map() }: SignIn): Promise<string> {
  const provider = new URL(url).origin;
  let next = new URL(url);
  for (let hops = 0; hops < 10; hops += 1) {
    const isForm = next.pathname.startsWith('/interaction/');
    const response = await fetch(next, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(isForm && { method: 'POST', body: new URLSearchParams({ email, password }) }),
    });
    remember(cookies, response);
    const location = response.headers.get('location');
    if (!location) throw new Error(`Sign-in of ${email} stopped at ${next.pathname}: ${await problemOf(response)}`);
    await response.body?.cancel();
    next = new URL(location, next);
    if (next.origin !== provider) return next.href;
  }
  throw new Error(`Sign-in of ${email} went in circles.`);
}

function remember(cookies: Map<string, string>, response: Response): void {
  for (const cookie of response.headers.getSetCookie()) {
    const [pair = '', ...attributes] = cookie.split(';');
    const [name = '', ...value] = pair.split('=');
    const isExpired = attributes.some((attribute) => /^\s*expires=Thu, 01 Jan 1970/i.test(attribute));
    if (isExpired) cookies.delete(name);
    else cookies.set(name, value.join('='));
  }
}

async function problemOf(response: Response): Promise<string> {
  const html = await response.text();
  const problem = /<p class="problem"[^>]*>([^<]*)</.exec(html)?.[1];
  return `${response.status} ${problem ?? html.slice(0, 200)}`;
}
