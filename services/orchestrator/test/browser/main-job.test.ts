import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { Page } from 'playwright-core';
import { complaintsOf, startChromium } from '#test/support/chromium.ts';
import { startFullStack } from '#test/support/full-stack.ts';
import { repositoryPath } from '#test/support/processes.ts';
import { atEnd } from '#test/support/stack.ts';

/** Where docs/screenshots is renewed from: `SCREENSHOTS=1 npx ava test/browser/main-job.test.ts`. */
const FOLDER = process.env['SCREENSHOTS'] ? repositoryPath('docs/screenshots') : undefined;

async function shoot(page: Page, name: string): Promise<void> {
  if (FOLDER === undefined) return;
  mkdirSync(FOLDER, { recursive: true });
  await page.waitForTimeout(600);
  await page.screenshot({ path: join(FOLDER, `${name}.png`) });
}

/** The same page in the dark, in French, and on a phone. */
async function shootVariants(page: Page, name: string): Promise<void> {
  await shoot(page, `${name}-light`);
  if (FOLDER === undefined) return;
  await page.emulateMedia({ colorScheme: 'dark' });
  await shoot(page, `${name}-dark`);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 390, height: 844 });
  await shoot(page, `${name}-phone`);
  await page.setViewportSize({ width: 1280, height: 860 });
}

test('a person signs in, creates a tenant, pays, watches the site come up, and streams an answer', async (t) => {
  t.timeout(240_000);
  const stack = await startFullStack(atEnd(t), {
    benchStepMs: FOLDER === undefined ? 100 : 400,
    env: { DASHBOARD_DIR: repositoryPath('services/dashboard/dist') },
  });
  await stack.startApi();
  await stack.startWorker();
  await stack.startGateway();
  const browser = await startChromium(atEnd(t));
  const page = await browser.newPage({ viewport: { width: 1280, height: 860 }, locale: 'en-GB', colorScheme: 'light' });
  page.setDefaultTimeout(30_000);
  const complaints = complaintsOf(page);

  await page.goto(stack.apiUrl);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await shootVariants(page, 'landing');
  await page.getByRole('link', { name: 'Sign in' }).first().click();
  await page.getByLabel('Email').fill('aicha@example.test');
  await page.getByLabel('Password').fill('demo-password');
  await page.getByRole('button', { name: 'Sign in' }).click();

  await page.waitForURL('**/onboarding**');
  await page.getByLabel('Name', { exact: true }).fill('Boulangerie Aïcha');
  t.is(await page.getByLabel('Short name').inputValue(), 'boulangerie-aicha');
  await shoot(page, 'create-tenant');
  await page.getByRole('button', { name: 'Create tenant' }).click();
  const starter = page.getByRole('article', { name: 'Starter' });
  await starter.waitFor();
  await shoot(page, 'choose-plan');
  await starter.getByRole('button').click();

  const pay = page.getByRole('button', { name: /^Pay €29/ });
  await pay.waitFor();
  await shoot(page, 'pay-invoice');
  await pay.click();
  await page.getByRole('button', { name: /^Pay 29\.00 EUR/ }).click();

  await page.waitForURL('**/billing/return**');
  await page.getByRole('heading', { name: 'Payment received' }).waitFor();
  // In the list: while the step runs, the live region for screen readers names it as well.
  await page.getByRole('list', { name: 'Steps' }).getByText('Install the apps').waitFor();
  await shoot(page, 'provisioning');
  const openSite = page.getByRole('link', { name: /^Open (the )?site/i }).first();
  await openSite.waitFor({ timeout: 60_000 });
  t.regex((await openSite.getAttribute('href')) ?? '', /boulangerie-aicha\.sites\.example\.test/);

  await page.goto(`${stack.apiUrl}/llm`);
  await page.getByRole('button', { name: 'Create key' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Playground');
  await dialog.getByRole('button', { name: /^Create/ }).click();
  await page
    .getByText(/sk-bst-/)
    .first()
    .waitFor();
  await shoot(page, 'new-key');
  await page
    .getByRole('button', { name: /^(Done|Close|I have)/ })
    .first()
    .click();
  await page.getByLabel('Message').fill('What is a bastide?');
  await page.getByRole('button', { name: 'Send' }).click();
  await page
    .getByText(/You said/)
    .first()
    .waitFor();
  await shootVariants(page, 'llm');

  await page.goto(`${stack.apiUrl}/overview`);
  await page.getByText('Ready').first().waitFor();
  await page.getByText(/Hello/).waitFor();
  await shootVariants(page, 'overview');
  for (const name of ['sites', 'plans', 'billing', 'members', 'api-keys', 'audit', 'settings']) {
    await page.goto(`${stack.apiUrl}/${name}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.waitForLoadState('networkidle');
    await shootVariants(page, name);
  }
  await page.goto(`${stack.apiUrl}/?returnTo=https://evil.test/`);
  await page.waitForURL('**/overview');
  t.is(new URL(page.url()).origin, stack.apiUrl, 'signing in leads back only to this site');
  t.deepEqual(complaints, []);
});
