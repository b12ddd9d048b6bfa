import type { Browser, Page } from 'playwright-core';
import { keycloakUrl } from './world.ts';

export interface Person {
  email: string;
  password: string;
}

/** A browser of somebody's own: no cookie of anybody else. */
export async function newPage(browser: Browser, locale = 'en-GB'): Promise<Page> {
  const context = await browser.newContext({ locale, viewport: { width: 1280, height: 860 } });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  return page;
}

/** From our API to the form of Keycloak. */
export async function toForm(page: Page, appUrl: string, returnTo = '/v1/me'): Promise<void> {
  await page.goto(`${appUrl}/auth/login?returnTo=${encodeURIComponent(returnTo)}`);
  if (!page.url().startsWith(keycloakUrl)) throw new Error(`No form to sign in, but ${page.url()}`);
}

export async function enterPassword(page: Page, { email, password }: Person): Promise<void> {
  // Asked again, Keycloak knows who it is.
  const name = page.locator('#username');
  if (await name.isVisible()) await name.fill(email);
  await page.locator('#password').fill(password);
  await page.locator('#kc-login').click();
}

export async function signIn(page: Page, appUrl: string, person: Person): Promise<void> {
  await toForm(page, appUrl);
  await enterPassword(page, person);
  await page.waitForURL(`${appUrl}/v1/me`);
}

export interface Me {
  user: { email: string; name: string; locale: string };
  roles: string[];
}

/** What our API says about whoever this browser's session is; undefined without one. */
export async function whoIs(page: Page, appUrl: string): Promise<Me | undefined> {
  const answer = await page.context().request.get(`${appUrl}/v1/me`);
  return answer.status() === 200 ? ((await answer.json()) as Me) : undefined;
}
