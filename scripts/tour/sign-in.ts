import type { Browser } from './browser.ts';
import { until } from './client.ts';

export interface Page {
  url: string;
  html: string;
}
interface Person {
  email: string;
  password: string;
}
interface Mail {
  subject: string;
  text: string;
}

/**
 * From `/auth/login` to where it leads, as somebody who was never there. The sandbox's provider makes an account of any new
 * address; Keycloak has a form for it and mails a link to confirm the address, which `mailsTo` finds.
 */
export async function signUp(
  browser: Browser,
  loginUrl: string,
  person: Person,
  mailsTo: (address: string) => Promise<Mail[]>,
): Promise<string> {
  const login = await open(browser, loginUrl);
  const registration = linkTo(login, '/login-actions/registration');
  if (registration === undefined) return (await browser.submit(login, { ...person })).url;
  const form = await open(browser, registration);
  const sent = await read(
    browser.submit(form, {
      ...person,
      'password-confirm': person.password,
      firstName: 'Tour',
      lastName: 'Guest',
    }),
  );
  if (!isAtKeycloak(sent)) return sent.url;
  if (/id="kc-register-form"/.test(sent.html))
    throw new Error(`Keycloak did not take the registration: ${visible(sent.html)}`);
  const mail = await until('the mail that confirms the address', async () =>
    (await mailsTo(person.email)).find(({ text }) => text.includes('/login-actions/action-token')),
  );
  const link = /https?:\/\/\S+\/login-actions\/action-token\S+/.exec(mail.text)?.[0] ?? '';
  return proceed(browser, await open(browser, link), person);
}

/** From `/auth/login` with an account that exists; a provider that still knows the browser asks for nothing. */
export async function signIn(browser: Browser, loginUrl: string, person: Person): Promise<string> {
  const login = await open(browser, loginUrl);
  if (!/<form\b/i.test(login.html)) return login.url;
  const fields = login.html.includes('name="username"')
    ? { username: person.email, password: person.password }
    : { ...person };
  return proceed(browser, await read(browser.submit(login, fields)), person);
}

/** Keycloak may ask once more whether it is the same person, and lets somebody new choose the password only now. */
async function proceed(browser: Browser, page: Page, { password }: Person): Promise<string> {
  let current = page;
  const link = isAtKeycloak(current) ? linkTo(current, '/login-actions/action-token') : undefined;
  if (link !== undefined) current = await open(browser, link);
  if (current.html.includes('name="password-new"'))
    current = await read(browser.submit(current, { 'password-new': password, 'password-confirm': password }));
  return current.url;
}

const isAtKeycloak = ({ url }: Page) => url.includes('/realms/');

const open = (browser: Browser, url: string): Promise<Page> => read(browser.open(url));

async function read(opening: Promise<{ url: string; response: Response }>): Promise<Page> {
  const { url, response } = await opening;
  return { url, html: await response.text() };
}

function linkTo(page: Page, path: string): string | undefined {
  for (const [, href = ''] of page.html.matchAll(/<a\b[^>]*href="([^"]+)"/gi)) {
    const url = new URL(href.replaceAll('&amp;', '&'), page.url).href;
    if (url.includes(path)) return url;
  }
  return undefined;
}

const visible = (html: string) =>
  html
    .replace(/<(script|style)\b.*?<\/\1>/gis, ' ')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 400);
