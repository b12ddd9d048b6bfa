import { readFile } from 'node:fs/promises';
import test, { type ExecutionContext } from 'ava';
import type { BrowserContextOptions } from 'playwright-core';
import { setStage, visit, type Stage, type Visit } from './browser.ts';
import { addSite, addSubscription, addTenant, llmKey, minutesAgo, usageOf } from './fake-world.ts';

let stage: Stage | undefined;
test.before(async () => {
  stage = await setStage();
});
test.after.always(() => stage?.close());

/** Every visit must end without a complaint of the browser and without a request to a stranger. */
function journey(
  title: string,
  options: BrowserContextOptions,
  walk: (visit: Visit, t: ExecutionContext) => Promise<void>,
) {
  test.serial(title, async (t) => {
    if (!stage) throw new Error('The stage is not set.');
    const current = await visit(stage, options);
    try {
      await walk(current, t);
      t.deepEqual(current.complaints, []);
      t.deepEqual(current.strangers, []);
    } finally {
      await current.end();
    }
  });
}

const DESKTOP = { viewport: { width: 1280, height: 860 } };
const PHONE = { viewport: { width: 360, height: 740 } };

journey('leads from signing in to a running site and a streamed answer', DESKTOP, async ({ page, api }, t) => {
  await page.goto('/');
  await page.getByRole('link', { name: 'Sign in' }).first().click();
  await page.getByRole('heading', { name: 'Create your tenant' }).waitFor();

  await page.getByLabel('Name', { exact: true }).fill('Café de la Gare');
  t.is(await page.getByLabel('Short name').inputValue(), 'cafe-de-la-gare');
  await page.getByRole('button', { name: 'Create tenant' }).click();

  await page.getByRole('button', { name: 'Choose Starter' }).click();
  await page.getByRole('button', { name: /^Pay/ }).click();

  await page.getByText('Payment received').waitFor();
  await page.getByRole('list', { name: 'Steps' }).waitFor();
  const open = page.getByRole('link', { name: /Open site/ });
  await open.waitFor();
  t.is(await open.getAttribute('href'), 'http://cafe-de-la-gare.sites.example.com/');

  await page.getByRole('link', { name: 'LLM gateway' }).click();
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Chatbot');
  await page.getByRole('dialog').getByRole('button', { name: 'Create key' }).click();
  await page.getByRole('textbox', { name: 'Gateway key' }).getByText('sk-bst-4hTq8WnZ2kVxR6yLpD0s').waitFor();
  await page.getByRole('button', { name: 'I have saved it' }).click();

  await page.getByLabel('Message').fill('What is a bastide?');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByRole('log', { name: 'Conversation' }).getByText('laid out on a plan.').waitFor();
  await page.getByText('12 tokens in, 17 out').waitFor();

  t.true(api.unsafeRequests.every(({ csrf }) => csrf === '1'));
  const creating = api.unsafeRequests.filter(({ method }) => method === 'POST');
  t.true(creating.length >= 4 && creating.every(({ idempotencyKey }) => typeof idempotencyKey === 'string'));
});

journey('pays an invoice in dinars by Chargily, and takes the kept card off', DESKTOP, async ({ page, api }, t) => {
  const { world } = api;
  world.isSignedIn = true;
  addTenant(world, { name: 'Acme', slug: 'acme' });
  addSubscription(world, 'starter-m-eur-v1');
  Object.assign(world.invoices[0] ?? {}, { currency: 'DZD', totalMinor: 159000 });
  world.card = { brand: 'visa', last4: '4242', expMonth: 4, expYear: 2030, savedAt: new Date().toISOString() };
  await page.goto('/billing');
  await page.getByText('•••• 4242').waitFor();
  await page.getByText('expires 04/2030').waitFor();
  await page.getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
  await page.getByText('No card is kept.').waitFor();

  await page
    .getByRole('button', { name: /^Pay invoice/ })
    .first()
    .click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Keep this card for renewals').waitFor();
  await dialog.getByText('CIB or EDAHABIA').click();
  await dialog.getByLabel('Keep this card for renewals').waitFor({ state: 'detached' });
  await dialog.getByRole('button', { name: /^Pay/ }).click();
  await page.getByText('Payment received').waitFor();
  t.true(api.unsafeRequests.some(({ method }) => method === 'DELETE'));
});

journey('puts the API’s refusals beside their fields and moves the focus there', DESKTOP, async ({ page, api }, t) => {
  api.world.isSignedIn = true;
  await page.goto('/onboarding');
  const slug = page.getByLabel('Short name');
  const focusIsIn = (name: string) =>
    page.waitForFunction((field) => document.activeElement?.getAttribute('name') === field, name);

  await page.getByRole('button', { name: 'Create tenant' }).click();
  await page.getByText('This field is required.').first().waitFor();
  await focusIsIn('name');

  await page.getByLabel('Name', { exact: true }).fill('Ab');
  await page.getByRole('button', { name: 'Create tenant' }).click();
  await page.getByText('must have at least 3 characters').waitFor();
  await focusIsIn('slug');
  t.is(await slug.getAttribute('aria-invalid'), 'true');

  await slug.fill('taken');
  await page.getByRole('button', { name: 'Create tenant' }).click();
  await page.getByText('This short name is taken.').waitFor();
});

journey('restricts, edits and rotates a gateway key, and gives the focus back', DESKTOP, async ({ page, api }, t) => {
  api.world.isSignedIn = true;
  addTenant(api.world, { name: 'Acme', slug: 'acme' });
  await page.goto('/llm');
  await page.getByRole('button', { name: 'Create key' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name', { exact: true }).fill('Shop');
  await dialog.getByText('Restrict this key').click();
  await dialog.getByLabel('Make embeddings').uncheck();
  await dialog.getByRole('textbox', { name: 'Models' }).fill('wrong, gpt-4o-mini');
  await dialog.getByLabel('Budget (USD)').fill('2.5');
  await dialog.getByLabel('Requests per minute').fill('1.5');
  await dialog.getByText('Restrict this key').click();
  await dialog.getByRole('button', { name: 'Create key' }).click();
  await dialog.getByText('Enter a whole number.').waitFor();
  await page.locator('[name="limits.requestsPerMinute"]:focus').fill('60');
  await dialog.getByRole('button', { name: 'Create key' }).click();
  await dialog.getByText('must be at most 200 characters').waitFor();
  await page.locator('[name=models]:focus').fill('gpt-4o-mini llama-3.3-70b');
  await dialog.getByRole('button', { name: 'Create key' }).click();
  await page.getByRole('button', { name: 'I have saved it' }).click();
  t.like(api.world.llmKeys[0], {
    name: 'Shop',
    scopes: ['chat', 'models', 'usage'],
    models: ['gpt-4o-mini', 'llama-3.3-70b'],
    usesCache: false,
    limits: { requestsPerMinute: 60, messagesPerDay: null, budget: { nanoUsd: 2_500_000_000, period: 'month' } },
  });
  await page.getByRole('cell', { name: /\$2\.50 a month/ }).waitFor();

  const menu = page.getByRole('button', { name: 'Actions for Shop' });
  await menu.focus();
  await page.keyboard.press('Enter');
  await page.locator('[role=menuitem]:focus', { hasText: 'Edit' }).waitFor();
  await page.keyboard.press('Enter');
  t.is(await dialog.getByLabel('Budget (USD)').inputValue(), '2.5');
  await dialog.getByLabel('Budget (USD)').fill('');
  await dialog.getByLabel('Expires').selectOption('In 30 days');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  t.like(api.world.llmKeys[0], { limits: { requestsPerMinute: 60, budget: null }, name: 'Shop' });
  t.truthy(api.world.llmKeys[0]?.expiresAt);
  await page.locator('button:focus[aria-label="Actions for Shop"]').waitFor();

  await menu.click();
  await page.getByRole('menuitem', { name: 'Rotate' }).click();
  await dialog.getByLabel('The old secret works for').selectOption('One more hour');
  await dialog.getByRole('button', { name: 'Rotate' }).click();
  await page.getByRole('textbox', { name: 'Gateway key' }).getByText('sk-bst-9vRm1XcJ7eUaK3zBqW5t').waitFor();
  await page.getByRole('button', { name: 'I have saved it' }).click();
  await page.getByText('sk-bst-4hT… works until').waitFor();

  await menu.click();
  await page.getByRole('menuitem', { name: 'Revoke' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke' }).click();
  await page.getByText('No gateway keys yet').waitFor();
});

journey('sets, shows and takes away a budget for all keys', DESKTOP, async ({ page, api }, t) => {
  api.world.isSignedIn = true;
  addTenant(api.world, { name: 'Acme', slug: 'acme' });
  await page.goto('/llm');
  await page.getByRole('button', { name: 'Set a budget' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Budget (USD)').fill('0');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByText('Enter a number within the allowed range.').waitFor();
  await dialog.getByLabel('Budget (USD)').fill('4');
  await dialog.getByLabel('Within').selectOption('A day');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText('$1.20 of $4.00 today').waitFor();
  t.is(await page.getByRole('progressbar', { name: 'Set by this tenant' }).getAttribute('aria-valuenow'), '30');
  t.like(api.world.llmBudget.own, { nanoUsd: 4_000_000_000, period: 'day' });
  await page.getByRole('button', { name: 'Change' }).click();
  await dialog.getByLabel('Budget (USD)').fill('');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText('There is none.').waitFor();
  t.is(api.world.llmBudget.own, null);
});

journey('shows what costs most, and gives all of it as a file', DESKTOP, async ({ page, api }, t) => {
  api.world.isSignedIn = true;
  addTenant(api.world, { name: 'Acme', slug: 'acme' });
  api.world.usage = usageOf([3, 7]);
  await page.goto('/llm');
  const table = page.getByRole('table', { name: 'What costs most' });
  await table.getByRole('row', { name: /gpt-4o-mini 7 / }).waitFor();
  await page.getByRole('group', { name: 'Group by' }).getByText('Key').click();
  await table.getByRole('columnheader', { name: 'Key' }).waitFor();
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download CSV' }).click(),
  ]);
  t.is(file.suggestedFilename(), 'llm-usage-by-key.csv');
  t.is(await readFile(await file.path(), 'utf8'), 'value,by\r\n1,key\r\n');
});

journey('repeats a lost request under the same Idempotency-Key', DESKTOP, async ({ page, api }, t) => {
  api.world.isSignedIn = true;
  addTenant(api.world, { name: 'Acme', slug: 'acme' });
  await page.goto('/members');
  await page.getByRole('button', { name: 'Invite' }).click();
  await page.getByLabel('E-mail').fill('grace@example.com');
  const keys: (string | undefined)[] = [];
  await page.route('**/v1/invitations', async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    keys.push(route.request().headers()['idempotency-key']);
    return keys.length === 1 ? route.abort() : route.continue();
  });
  await page.getByRole('button', { name: 'Send invitation' }).click();
  await page.getByRole('alert').getByText('The server cannot be reached').waitFor();
  await page.getByRole('button', { name: 'Send invitation' }).click();
  await page.getByText('Invitation sent to grace@example.com').waitFor();
  t.is(keys.length, 2);
  t.is(keys[0], keys[1]);
});

journey('asks to sign in again when the session has ended, and comes back', DESKTOP, async ({ page, api }, t) => {
  api.world.isSignedIn = true;
  addTenant(api.world, { name: 'Acme', slug: 'acme' });
  await page.goto('/overview');
  await page.getByRole('heading', { name: 'Hello, Ada' }).waitFor();
  api.world.isSignedIn = false;
  await page.getByRole('link', { name: 'Audit log' }).click();
  await page.getByText('You will come back to the page you asked for.').waitFor();
  await page.getByRole('main').getByRole('link', { name: 'Sign in', exact: true }).click();
  await page.getByRole('heading', { name: 'Audit log' }).waitFor();
  t.is(new URL(page.url()).pathname, '/audit');
});

journey('says what failed and goes on from there', DESKTOP, async ({ page, api }, t) => {
  api.world.isSignedIn = true;
  addTenant(api.world, { name: 'Acme', slug: 'acme' });
  api.world.building = 'fails';
  const site = addSite(api.world, 'acme');
  await page.goto(`/sites/${site.id}`);
  await page.getByText('not enough disk space').waitFor();
  await page.getByRole('alert').getByText('This did not work').waitFor();
  api.world.building = 'runs';
  await page.getByRole('button', { name: 'Try again from there' }).click();
  await page.getByRole('link', { name: /Open site/ }).waitFor();
  t.is(await page.getByRole('alert').count(), 0);
});

journey('keeps following a site when the stream breaks', DESKTOP, async ({ page, api }, t) => {
  api.world.isSignedIn = true;
  addTenant(api.world, { name: 'Acme', slug: 'acme' });
  const site = addSite(api.world, 'acme');
  let refusals = 0;
  await page.route('**/events', (route) => (refusals++ < 2 ? route.abort() : route.continue()));
  await page.goto(`/sites/${site.id}`);
  await page.getByRole('link', { name: /Open site/ }).waitFor();
  t.true(refusals > 2);
});

journey('speaks French, and remembers it', { ...DESKTOP, locale: 'fr-FR' }, async ({ page, api }, t) => {
  api.world.isSignedIn = true;
  api.world.me.user.locale = 'fr';
  addTenant(api.world, { name: 'Acme', slug: 'acme' });
  await page.goto('/settings');
  await page.getByRole('heading', { name: 'Réglages' }).waitFor();
  t.is(await page.locator('html').getAttribute('lang'), 'fr');
  await page.getByLabel('Langue').selectOption('en');
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  t.like(api.world.me.user, { locale: 'en' });
});

journey(
  "takes a newcomer's language over from the browser",
  { ...DESKTOP, locale: 'fr-CA' },
  async ({ page, api }, t) => {
    api.world.isSignedIn = true;
    await page.goto('/onboarding');
    await page.getByRole('heading', { name: 'Créez votre organisation' }).waitFor();
    await page.waitForLoadState('networkidle');
    t.is(api.world.me.user.locale, 'fr');
  },
);

journey('works by keyboard alone', DESKTOP, async ({ page, api }, t) => {
  api.world.isSignedIn = true;
  addTenant(api.world, { name: 'Acme', slug: 'acme' });
  addTenant(api.world, { name: 'Beta', slug: 'beta' });
  await page.goto('/overview');
  await page.getByRole('heading', { name: 'Hello, Ada' }).waitFor();
  await page.keyboard.press('Tab');
  t.is(await page.evaluate(() => document.activeElement?.textContent), 'Skip to content');
  await page.keyboard.press('Enter');
  t.is(await page.evaluate(() => document.activeElement?.id), 'main');

  await page.getByRole('button', { name: /switch tenant/ }).focus();
  await page.keyboard.press('Enter');
  await page.locator('[role=menuitemradio]:focus', { hasText: 'Acme' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.locator('[role=menuitemradio]:focus', { hasText: 'Beta' }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Tenant Beta, switch tenant' }).waitFor();

  await page.getByRole('link', { name: 'Members' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Invite' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Invite someone' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.locator('button:focus', { hasText: 'Invite' }).waitFor();
});

journey('fits a narrow phone: nothing sticks out, the navigation is a sheet', PHONE, async ({ page, api }, t) => {
  api.world.isSignedIn = true;
  addTenant(api.world, { name: 'Acme Boulangerie et Pâtisserie du Centre', slug: 'acme' });
  const site = addSite(api.world, 'acme-boulangerie-et-patisserie');
  api.world.apiKeys = [
    {
      id: 'key_1',
      name: 'Nightly export',
      prefix: 'bst_9fKq',
      scopes: ['sites:read', 'billing:read'],
      createdAt: minutesAgo(90),
      expiresAt: null,
      lastUsedAt: null,
    },
  ];
  const name = 'Descriptions-de-produits-pour-le-catalogue-d’automne';
  const budget = { nanoUsd: 5e9, period: 'month' as const };
  api.world.llmKeys = [
    llmKey(api.world, {
      name,
      models: ['meta-llama/llama-4-scout-17b-16e-instruct'],
      limits: { requestsPerMinute: 1e6, tokensPerMinute: 1e9, messagesPerDay: 1e9, concurrency: 10_000, budget },
      spent: { dayNanoUsd: 0, monthNanoUsd: 123_456_789_000_000 },
      oldSecrets: [{ prefix: 'sk-bst-2Qe', expiresAt: minutesAgo(-900) }],
    }),
  ];
  api.world.usage = usageOf([1e6, 2e6]);
  for (const path of [
    '/overview',
    '/sites',
    `/sites/${site.id}`,
    '/llm',
    '/plans',
    '/billing',
    '/members',
    '/api-keys',
    '/audit',
    '/settings',
    '/onboarding',
  ]) {
    await page.goto(path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.locator('[role=status] .animate-pulse').first().waitFor({ state: 'detached' });
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    t.true(width <= 360, `${path} is ${width} px wide`);
  }
  await page.goto('/overview');
  await page.getByRole('button', { name: 'Open navigation' }).click();
  await page.getByRole('dialog').getByRole('link', { name: 'Members' }).click();
  await page.getByRole('heading', { level: 1, name: 'Members' }).waitFor();
  t.is(await page.getByRole('dialog').count(), 0);
});

const GROUNDS = ['canvas', 'sidebar', 'surface', 'sunken'];
const INKS = ['text', 'muted', 'subtle', 'accent', 'danger'];
/** Ink on ground, wherever the design system puts one on the other. */
const PAIRS: readonly (readonly [string, string])[] = [
  ...GROUNDS.flatMap((ground) => INKS.map((ink) => [ink, ground] as const)),
  ...['text', 'muted', 'danger'].map((ink) => [ink, 'hover'] as const),
  ...['accent', 'success', 'warning', 'danger'].flatMap((tone) => [
    [tone, `${tone}-soft`] as const,
    ['text', `${tone}-soft`] as const,
    ['muted', `${tone}-soft`] as const,
  ]),
  ['on-accent', 'accent'],
  ['on-accent', 'accent-hover'],
  ['on-danger', 'danger'],
  ['on-danger', 'danger-hover'],
  ['console-text', 'console'],
];

for (const colorScheme of ['light', 'dark'] as const) {
  journey(`keeps text readable (4.5:1) in the ${colorScheme} theme`, { colorScheme }, async ({ page }, t) => {
    await page.goto('/');
    await page.getByRole('heading', { level: 1 }).waitFor();
    const ratios = await page.evaluate((pairs) => {
      const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
      const luminance = (token: string) => {
        if (!context) throw new Error('This browser has no canvas.');
        context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(`--${token}`);
        context.fillRect(0, 0, 1, 1);
        const [r = 0, g = 0, b = 0] = [...context.getImageData(0, 0, 1, 1).data].map((value) => {
          const share = value / 255;
          return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      return pairs.map(([ink, ground]) => {
        const [light = 0, dark = 0] = [luminance(ink), luminance(ground)].toSorted((a, b) => b - a);
        return { pair: `${ink} on ${ground}`, ratio: (light + 0.05) / (dark + 0.05) };
      });
    }, PAIRS);
    t.deepEqual(
      ratios.filter(({ ratio }) => ratio < 4.5),
      [],
    );
  });
}

journey('shows its own page where there is none', DESKTOP, async ({ page, api }, t) => {
  api.world.isSignedIn = true;
  addTenant(api.world, { name: 'Acme', slug: 'acme' });
  await page.goto('/nowhere');
  await page.getByRole('heading', { name: 'There is nothing at this address' }).waitFor();
  await page.goto('/sites/sit_unknown');
  await page.getByRole('alert').getByText('It does not exist, or it belongs to another tenant.').waitFor();
  t.pass();
});
