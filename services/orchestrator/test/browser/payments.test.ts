import test from 'ava';
import { complaintsOf, startChromium } from '#test/support/chromium.ts';
import { startFullStack } from '#test/support/full-stack.ts';
import { repositoryPath } from '#test/support/processes.ts';
import { atEnd } from '#test/support/stack.ts';

test('a person buys in dinars by Chargily, adds a card on the provider’s page, and takes it off again', async (t) => {
  t.timeout(240_000);
  const stack = await startFullStack(atEnd(t), { env: { DASHBOARD_DIR: repositoryPath('services/dashboard/dist') } });
  await stack.startApi();
  await stack.startWorker();
  const browser = await startChromium(atEnd(t));
  const page = await browser.newPage({ viewport: { width: 1280, height: 860 }, locale: 'en-GB' });
  page.setDefaultTimeout(30_000);
  const complaints = complaintsOf(page);

  await page.goto(stack.apiUrl);
  await page.getByRole('link', { name: 'Sign in' }).first().click();
  await page.getByLabel('Email').fill('amel@example.test');
  await page.getByLabel('Password').fill('demo-password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL('**/onboarding**');
  await page.getByLabel('Name', { exact: true }).fill('Atelier Amel');
  await page.locator('select[name=currency]').selectOption('DZD');
  await page.getByRole('button', { name: 'Create tenant' }).click();

  await page.waitForURL('**/onboarding?*');
  await page.goto(`${stack.apiUrl}/plans`);
  await page.getByRole('tab', { name: 'LLM' }).click();
  await page.getByRole('button', { name: 'Choose Student' }).click();
  await page.getByText('CIB or EDAHABIA').click();
  await page.getByRole('button', { name: /^Pay DZD/ }).click();
  await page.getByRole('heading', { name: 'Chargily Pay' }).waitFor();
  await page.getByText('1,590 DZD').waitFor();
  await page.getByRole('button', { name: 'Pay', exact: true }).click();
  await page.waitForURL('**/billing/return**');
  await page.getByRole('heading', { name: 'Payment received' }).waitFor();

  const [payment] = await stack.app.ctx.db('payments').select<{ provider: string; amount_minor: number }[]>();
  t.like(payment, { provider: 'chargily', amount_minor: 159000 });

  await page.goto(`${stack.apiUrl}/billing`);
  await page.getByText('No card is kept.').waitFor();
  await page.getByRole('button', { name: 'Add a card' }).click();
  await page
    .getByRole('heading', { name: /Payment methods|Billing/ })
    .first()
    .waitFor();
  await page.getByRole('button', { name: /default card/ }).click();
  await page.waitForURL('**/billing');
  const kept = page.getByText('•••• 4242');
  for (let tries = 0; tries < 20 && !(await kept.isVisible()); tries += 1) {
    await page.waitForTimeout(300);
    await page.reload();
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.waitForLoadState('networkidle');
  }
  await kept.waitFor();
  await page.getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
  await page.getByText('No card is kept.').waitFor();
  t.deepEqual(complaints, []);
});
