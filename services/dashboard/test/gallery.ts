import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { setStage, visit, type Visit } from './browser.ts';
import {
  addSite,
  addSubscription,
  addTenant,
  llmKey,
  minutesAgo,
  nextId,
  payInvoice,
  usageOf,
  type World,
} from './fake-world.ts';

// `npm run gallery -w services/dashboard -- <folder> [only]`: every page, light and dark, desktop and phone, to be looked at.
const [folder = 'gallery', only] = process.argv.slice(2);

interface Scene {
  name: string;
  path: string | ((world: World) => string);
  set: (world: World) => void;
  act?: (page: Page) => Promise<void>;
}

const nobody = () => undefined;

function newcomer(world: World): void {
  world.isSignedIn = true;
}

function owner(world: World): void {
  world.isSignedIn = true;
  addTenant(world, { name: 'Boulangerie Martin', slug: 'boulangerie-martin' });
}

function settled(world: World): void {
  owner(world);
  addTenant(world, { name: 'Acme', slug: 'acme' });
  addSubscription(world, 'llm-free-m-eur-v1');
  payInvoice(world, world.invoices[0]?.id ?? '');
  addSubscription(world, 'starter-m-eur-v1');
  payInvoice(world, world.invoices[0]?.id ?? '');
  for (const site of world.sites)
    Object.assign(site, { status: 'active', readyAt: minutesAgo(50), createdAt: minutesAgo(52) });
  for (const operation of world.operations) {
    operation.state = 'succeeded';
    operation.steps = operation.steps.map((step, index) => ({
      ...step,
      state: 'succeeded',
      startedAt: minutesAgo(52 - index / 3),
      endedAt: minutesAgo(52 - (index + 1) / 3),
      output: index === 1 ? '$ bench new-site' : null,
    }));
  }
  world.members.push(
    {
      id: nextId(world, 'mem'),
      userId: 'usr_02',
      email: 'grace.hopper@example.com',
      name: 'Grace Hopper',
      role: 'editor',
      createdAt: minutesAgo(9000),
    },
    {
      id: nextId(world, 'mem'),
      userId: 'usr_03',
      email: 'margaret@example.com',
      name: 'Margaret Hamilton',
      role: 'viewer',
      createdAt: minutesAgo(4000),
    },
  );
  world.invitations = [
    {
      id: nextId(world, 'ivt'),
      email: 'katherine.johnson@example.com',
      role: 'editor',
      createdAt: minutesAgo(60),
      expiresAt: minutesAgo(-9000),
    },
  ];
  world.apiKeys = [
    {
      id: nextId(world, 'key'),
      name: 'Nightly export',
      prefix: 'bst_9fKq',
      scopes: ['billing:read', 'sites:read', 'audit:read'],
      createdAt: minutesAgo(9000),
      expiresAt: minutesAgo(-90000),
      lastUsedAt: minutesAgo(300),
    },
    {
      id: nextId(world, 'key'),
      name: 'Provisioning robot',
      prefix: 'bst_2LmX',
      scopes: ['sites:write'],
      createdAt: minutesAgo(900),
      expiresAt: null,
      lastUsedAt: null,
    },
  ];
  world.llmKeys = [
    llmKey(world, {
      createdAt: minutesAgo(9000),
      lastUsedAt: minutesAgo(4),
      spent: { dayNanoUsd: 1_200_000, monthNanoUsd: 128_544_000 },
    }),
    llmKey(world, {
      name: 'Product descriptions for the autumn catalogue',
      prefix: 'sk-bst-8Lw',
      scopes: ['chat', 'models'],
      models: ['llama-3.3-70b-versatile', 'gpt-4o-mini', 'qwen-3-32b'],
      limits: {
        requestsPerMinute: 60,
        tokensPerMinute: 20_000,
        messagesPerDay: null,
        concurrency: 4,
        budget: { nanoUsd: 5e9, period: 'month' },
      },
      usesCache: true,
      spent: { dayNanoUsd: 812_000_000, monthNanoUsd: 5_012_400_000 },
      createdBy: { type: 'user', id: 'usr_02', name: 'Grace Hopper', isMember: false },
      createdAt: minutesAgo(20_000),
      expiresAt: minutesAgo(-90_000),
      lastUsedAt: minutesAgo(300),
      oldSecrets: [{ prefix: 'sk-bst-2Qe', expiresAt: minutesAgo(-900) }],
    }),
    llmKey(world, { name: 'Nightly job', createdBy: { type: 'apiKey', id: 'key_01', name: null, isMember: true } }),
  ];
  world.usage = usageOf([14, 22, 8, 41, 37, 12, 9, 55, 61, 53]);
  const resetsAt = minutesAgo(-12_000);
  world.llmBudget = {
    own: { nanoUsd: 20e9, period: 'month', spentNanoUsd: 18.9e9, remainingNanoUsd: 1.1e9, resetsAt },
    allowed: { nanoUsd: 50e9, period: 'month', spentNanoUsd: 18.9e9, remainingNanoUsd: 31.1e9, resetsAt },
  };
  world.limits = [
    { key: 'sites', limit: 1, used: 1 },
    { key: 'llm_messages_per_day', limit: 200, used: 53 },
    { key: 'llm_requests_per_minute', limit: 10, used: 0 },
    { key: 'agents', limit: null, used: 4 },
  ];
  type Entry = World['audit'][number];
  const entry = (minutes: number, facts: Pick<Entry, 'action' | 'subject' | 'actor' | 'ip'>): Entry => ({
    id: nextId(world, 'aud'),
    at: minutesAgo(minutes),
    details: {},
    ...facts,
  });
  const ada = { type: 'user', id: 'usr_01', name: 'Ada Lovelace' } as const;
  const system = { type: 'system', id: null, name: null } as const;
  const lago = { type: 'webhook', id: 'lago', name: 'lago' } as const;
  const home = '203.0.113.24';
  world.audit = [
    entry(4, { action: 'llm_key.create', subject: 'llmk_01JD9Z7Q4M8X2', actor: ada, ip: home }),
    entry(51, { action: 'site.ready', subject: 'sit_01JD9Z5T1K0PA', actor: system, ip: null }),
    entry(53, { action: 'invoice.paid', subject: 'inv_01JD9Z4C8N5RB', actor: lago, ip: '198.51.100.7' }),
    entry(58, { action: 'subscription.create', subject: 'sub_01JD9Z3W6M2QC', actor: ada, ip: home }),
    entry(60, { action: 'tenant.create', subject: 'ten_01JD9Z2H9V7SD', actor: ada, ip: home }),
  ];
}

const siteUnder = (building: World['building']) => (world: World) => {
  owner(world);
  world.building = building;
  addSite(world, 'boulangerie-martin');
};
const firstSite = (world: World) => `/sites/${world.sites[0]?.id ?? ''}`;

const SCENES: readonly Scene[] = [
  { name: 'landing', path: '/', set: nobody },
  { name: 'landing-return', path: '/?returnTo=/billing', set: nobody },
  { name: 'onboarding-tenant', path: '/onboarding', set: newcomer },
  {
    name: 'onboarding-error',
    path: '/onboarding',
    set: newcomer,
    act: async (page) => {
      await page.getByLabel(/^(Name|Nom)$/).fill('Ab');
      await page.getByLabel(/^(Currency|Devise)$/).selectOption('USD');
      await page.locator('button[type=submit]').click();
      await page.locator('[aria-invalid=true]').waitFor();
    },
  },
  { name: 'onboarding-plan', path: '/onboarding?step=plan', set: owner },
  {
    name: 'onboarding-pay',
    path: (world) => `/onboarding?step=pay&subscription=${addSubscription(world, 'starter-m-eur-v1').id}`,
    set: owner,
  },
  { name: 'overview-new', path: '/overview', set: owner },
  {
    name: 'overview-due',
    path: '/overview',
    set: (world) => {
      owner(world);
      addSubscription(world, 'starter-m-eur-v1');
    },
  },
  { name: 'overview', path: '/overview', set: settled },
  { name: 'sites', path: '/sites', set: settled },
  { name: 'sites-empty', path: '/sites', set: owner },
  {
    name: 'site-progress',
    path: firstSite,
    set: siteUnder('holds'),
    act: (page) => page.getByText('64%').waitFor(),
  },
  { name: 'site-failed', path: firstSite, set: siteUnder('fails'), act: (page) => page.getByRole('alert').waitFor() },
  { name: 'site-ready', path: firstSite, set: settled },
  { name: 'plans', path: '/plans', set: settled },
  { name: 'billing', path: '/billing', set: settled },
  { name: 'billing-empty', path: '/billing', set: owner },
  {
    name: 'billing-return-waiting',
    path: (world) => `/billing/return?invoice=${world.invoices[0]?.id ?? ''}`,
    set: (world) => {
      owner(world);
      addSubscription(world, 'starter-m-eur-v1');
    },
  },
  {
    name: 'billing-return-paid',
    path: (world) => `/billing/return?invoice=${world.invoices[0]?.id ?? ''}`,
    set: (world) => {
      owner(world);
      world.building = 'holds';
      addSubscription(world, 'starter-m-eur-v1');
      payInvoice(world, world.invoices[0]?.id ?? '');
    },
    act: (page) => page.getByText('64%').waitFor(),
  },
  { name: 'llm-empty', path: '/llm', set: owner },
  {
    name: 'llm',
    path: '/llm',
    set: settled,
    act: async (page) => {
      await page.locator('[name=playground-key]').fill('sk-bst-4hTq8WnZ2kVxR6yLpD0s');
      await page.locator('#playground-message').fill('What is a bastide?');
      await page.locator('form button[type=submit]').click();
      await page.getByText('laid out on a plan.').waitFor();
    },
  },
  {
    name: 'llm-secret',
    path: '/llm',
    set: settled,
    act: async (page) => {
      await page.locator('main header ~ * section button').first().click();
      await page.getByRole('dialog').locator('[name=name]').fill('Chatbot');
      await page.getByRole('dialog').locator('button[type=submit]').click();
      await page.getByText('sk-bst-4hTq8').waitFor();
    },
  },
  {
    name: 'llm-create',
    path: '/llm',
    set: settled,
    act: async (page) => {
      await page.locator('main header ~ * section button').first().click();
      await page.locator('summary').click();
    },
  },
  {
    name: 'llm-edit',
    path: '/llm',
    set: settled,
    act: async (page) => {
      await page.getByRole('button', { name: /Product/ }).click();
      await page.getByRole('menuitem', { name: /^(Edit|Modifier)$/ }).click();
      await page.locator('[name="limits.concurrency"]').fill('0');
      await page.getByRole('dialog').locator('button[type=submit]').click();
    },
  },
  {
    name: 'llm-menu',
    path: '/llm',
    set: settled,
    act: (page) => page.getByRole('button', { name: /Product/ }).click(),
  },
  {
    name: 'llm-rotate',
    path: '/llm',
    set: settled,
    act: async (page) => {
      await page.getByRole('button', { name: /Product/ }).click();
      await page.getByRole('menuitem', { name: /^(Rotate|Renouveler)$/ }).click();
    },
  },
  { name: 'members', path: '/members', set: settled },
  {
    name: 'members-invite',
    path: '/members',
    set: settled,
    act: (page) => page.getByRole('button', { name: /^(Invite|Inviter)$/ }).click(),
  },
  {
    name: 'members-remove',
    path: '/members',
    set: settled,
    act: (page) => page.getByRole('button', { name: /Grace/ }).last().click(),
  },
  { name: 'api-keys', path: '/api-keys', set: settled },
  {
    name: 'api-keys-create',
    path: '/api-keys',
    set: settled,
    act: (page) => page.getByRole('button', { name: /^(Create key|Créer une clé)$/ }).click(),
  },
  { name: 'audit', path: '/audit', set: settled },
  { name: 'settings', path: '/settings', set: settled },
  { name: 'invite', path: '/invite?token=abc', set: newcomer },
  { name: 'not-found', path: '/nowhere', set: owner },
  {
    name: 'menu',
    path: '/overview',
    set: settled,
    act: async (page) => {
      const open = page.getByRole('button', { name: /^(Open navigation|Ouvrir la navigation)$/ });
      if (await open.isVisible()) await open.click();
      await page.getByRole('button', { name: /Ada Lovelace/ }).click();
    },
  },
];

const LOOKS = [
  { suffix: 'light', viewport: { width: 1360, height: 900 }, colorScheme: 'light', locale: 'en-GB' },
  { suffix: 'dark', viewport: { width: 1360, height: 900 }, colorScheme: 'dark', locale: 'fr-FR' },
  { suffix: 'phone', viewport: { width: 360, height: 740 }, colorScheme: 'light', locale: 'fr-FR' },
  { suffix: 'phone-dark', viewport: { width: 390, height: 844 }, colorScheme: 'dark', locale: 'en-GB' },
] as const;

async function shoot({ page, api }: Visit, scene: Scene, file: string): Promise<void> {
  scene.set(api.world);
  await page.goto(typeof scene.path === 'string' ? scene.path : scene.path(api.world));
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  // Pages that follow something live never become idle.
  await page.waitForLoadState('networkidle', { timeout: 1500 }).catch(() => undefined);
  await scene.act?.(page);
  await page.waitForTimeout(150);
  await page.screenshot({ path: file, fullPage: true });
}

const stage = await setStage();
await mkdir(folder, { recursive: true });
try {
  for (const { suffix, ...look } of LOOKS) {
    for (const scene of SCENES.filter(({ name }) => only === undefined || `${name}.${suffix}`.includes(only))) {
      const current = await visit(stage, look);
      if (look.locale === 'fr-FR') current.api.world.me.user.locale = 'fr';
      await shoot(current, scene, path.join(folder, `${scene.name}.${suffix}.png`));
      await current.end();
    }
  }
} finally {
  await stage.close();
}
