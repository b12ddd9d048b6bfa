import { readFileSync } from 'node:fs';
import test from 'ava';
import { type TenantContext, withTenant } from '#core/context.ts';
import { newId } from '#core/ids.ts';
import { repositoryPath } from '#test/support/processes.ts';
import { type TestApp, atEndOfFile, createTestApp } from '#test/support/stack.ts';
import { unite } from './entitlement-keys.ts';
import { CatalogueError, parseCatalogue } from './parse.ts';
import { entitlementsChanged } from './schemas.ts';
import { entitlementsOf, findPrice, grant, requireBelow, requireFlag, requireIn, revoke } from './service.ts';

const TEXT = readFileSync(repositoryPath('services/orchestrator/catalogue.yaml'), 'utf8');
const DAY_MS = 86_400_000;
const cleanUp = atEndOfFile(test);
let app: TestApp;
test.before(async () => {
  app = await createTestApp(cleanUp);
});

const tenant = (): TenantContext => withTenant(app.ctx, newId('tenant'));
const changes = (ctx: TenantContext) =>
  ctx.db('outbox').where('key', 'like', `${entitlementsChanged.name}/${ctx.tenantId}/%`);

const problemsOf = (text: string): readonly string[] => {
  try {
    parseCatalogue(text, 'catalogue.yaml');
    return [];
  } catch (error) {
    return error instanceof CatalogueError ? error.problems : [String(error)];
  }
};

test('the default catalogue sells what the specification says', (t) => {
  const { plans } = parseCatalogue(TEXT, 'catalogue.yaml');
  const prices = Object.fromEntries(
    plans.flatMap((plan) => plan.prices).map(({ code, amountMinor }) => [code, amountMinor]),
  );
  t.like(prices, {
    'starter-m-eur-v1': 2900,
    'business-m-eur-v1': 9900,
    'founding-y-eur-v1': 69900,
    'single-no-show-shield-m-eur-v1': 9900,
    'single-no-show-shield-y-eur-v1': 99000,
    'bundle-m-eur-v1': 39900,
    'bundle-y-eur-v1': 399000,
    'llm-student-m-dzd-v1': 159000,
    'llm-pro-m-usd-v1': 2900,
    'agents-pro-m-usd-v1': 2900,
    'agents-team-m-usd-v1': 9900,
  });
  t.is(plans.filter(({ key }) => key.startsWith('single-')).length, 12);
  t.deepEqual(
    plans.filter(({ isDefault }) => isDefault).map(({ key }) => key),
    ['llm-free', 'agents-free'],
  );
  t.deepEqual(plans.find(({ key }) => key === 'enterprise')?.prices, []);
  const founding = plans.find(({ key }) => key === 'founding');
  t.deepEqual(
    founding?.unlock.map(({ generators }) => generators.length),
    [3, 2, 2, 2],
  );
});

test('every problem of the file is named at once', (t) => {
  const wrong = TEXT.replace('amount: 159000', 'amount: 159050')
    .replace('llm_tier: student', 'llm_tier: gold')
    .replace('sites: 3,', 'sites: many,')
    .replace('metric: agent_requests_over_quota,', 'metric: agent_sorrows,')
    .replace('users_per_site: 5', 'user_per_site: 5')
    .replace('name: { en: Team, fr: Équipe }', 'name: { en: Team }')
    .replace('key: bundle', 'key: founding')
    .replace('generators: [cold-dm, objection, carousel]', 'generators: [cold-dm, objection, carrousel]');
  const problems = problemsOf(wrong).join('\n');
  for (const expected of [
    /plan llm-student: llm-student-m-dzd-v1: 159050 is not whole dinars/,
    /plan llm-student: gold is not among the tiers/,
    /plan business: entitlements\.sites: must be a whole number or unlimited/,
    /plan agents-pro: there is no metric agent_sorrows/,
    /plan starter: entitlements: .*user_per_site/,
    /plan agents-team: name\.fr: /,
    /plans: founding is there twice/,
    /plan founding: there is no generator carrousel/,
  ])
    t.regex(problems, expected);
});

test('what cannot be read at all is one problem with its place', (t) => {
  t.regex(problemsOf('plans: [').join(), /at line 1/);
  t.regex(problemsOf('version: 2').join(), /version/);
});

test('a default plan must be free, and in every currency', (t) => {
  const problems = problemsOf(
    TEXT.replace('{ interval: month, currency: USD, amount: 0 }', '{ interval: month, currency: EUR, amount: 100 }'),
  );
  t.true(problems.includes('plan llm-free: a default plan needs a price in USD'));
  t.true(problems.includes('plan llm-free: llm-free-m-eur-v1: a default plan must be free'));
});

test('rights unite: sites add up, sizes and rates do not, lists unite, the highest tier counts', (t) => {
  const tiers = ['free', 'student', 'pro'];
  const united = unite(
    [
      { sites: 1, users_per_site: 5, apps: ['erpnext'], llm_tier: 'student', llm_messages_per_day: 200 },
      { sites: 3, users_per_site: 25, apps: ['erpnext', 'crm'], llm_tier: 'free', llm_messages_per_day: 3 },
      { agents: 5, knowledge: true },
      { agents: 20, agent_requests_per_day: null },
      { agent_requests_per_day: 1000 },
    ],
    tiers,
  );
  t.like(united, {
    sites: 4,
    users_per_site: 25,
    apps: ['erpnext', 'crm'],
    llm_tier: 'student',
    llm_messages_per_day: 200,
    agents: 20,
    agent_requests_per_day: null,
    knowledge: true,
    sso: false,
  });
  t.is(unite([{ apps: 'all' }, { apps: ['crm'] }], tiers).apps, 'all');
  t.like(unite([], tiers), { sites: 0, apps: [], llm_tier: 'none', knowledge: false });
});

test('granting and revoking are told once each, and the same again changes nothing', async (t) => {
  const ctx = tenant();
  const first = { source: 'sub_a', planCode: 'starter-m-eur-v1' };
  await grant(ctx, first);
  await grant(ctx, first);
  t.is((await entitlementsOf(ctx)).sites, 1);
  await grant(ctx, { source: 'sub_a', planCode: 'business-m-eur-v1' });
  t.is((await entitlementsOf(ctx)).sites, 3);
  await grant(ctx, { source: 'sub_b', planCode: 'starter-m-eur-v1' });
  t.is((await entitlementsOf(ctx)).sites, 4);
  await revoke(ctx, { source: 'sub_a' });
  await revoke(ctx, { source: 'sub_a' });
  t.is((await entitlementsOf(ctx)).sites, 1);
  t.is((await changes(ctx)).length, 4);
  t.is((await entitlementsOf(tenant())).sites, 0);
});

test('grants at the same moment are all there and counted', async (t) => {
  const ctx = tenant();
  await Promise.all(
    Array.from({ length: 8 }, (_, n) => grant(ctx, { source: `sub_${n}`, planCode: 'starter-m-eur-v1' })),
  );
  t.is((await entitlementsOf(ctx)).sites, 8);
  t.is((await changes(ctx)).length, 8);
});

test('an earlier revision grants what its plan grants today', async (t) => {
  const ctx = tenant();
  await grant(ctx, { source: 'sub_a', planCode: 'business-m-eur-v0' });
  t.is((await entitlementsOf(ctx)).sites, 3);
});

test('founding members get the other generators week by week', async (t) => {
  const ctx = tenant();
  await grant(ctx, { source: 'sub_a', planCode: 'founding-y-eur-v1' });
  const after = async (days: number) =>
    (await entitlementsOf(ctx, new Date(Date.now() + days * DAY_MS))).generators.length;
  t.deepEqual(
    [await after(0), await after(6.9), await after(7.1), await after(14.1), await after(21.1), await after(28.1)],
    [3, 3, 6, 8, 10, 12],
  );
  t.deepEqual((await entitlementsOf(ctx)).roles, ['founding_member']);
});

test('a guard names the limit, what is used, the plan that lifts it and the way there', async (t) => {
  const ctx = tenant();
  await grant(ctx, { source: 'sub_a', planCode: 'starter-m-eur-v1' });
  await requireBelow(ctx, 'sites', 0);
  const error = await t.throwsAsync(requireBelow(ctx, 'sites', 1));
  t.like(error, {
    code: 'entitlement.limit_reached',
    status: 403,
    details: {
      key: 'sites',
      limit: 1,
      used: 1,
      plan: { key: 'business' },
      upgradeUrl: 'http://localhost:4000/plans?line=sites&plan=business',
    },
  });
  t.like(await t.throwsAsync(requireBelow(ctx, 'sites', 3)), { details: { plan: { key: 'enterprise' } } });
  await requireIn(ctx, 'apps', 'erpnext');
  t.like(await t.throwsAsync(requireIn(ctx, 'apps', 'crm')), { details: { wanted: 'crm', plan: { key: 'business' } } });
  t.like(await t.throwsAsync(requireFlag(ctx, 'sso')), { details: { plan: { key: 'agents-team' } } });
  t.like(await t.throwsAsync(requireIn(ctx, 'generators', 'webinar')), {
    details: { plan: { key: 'single-webinar' } },
  });
  await grant(ctx, { source: 'sub_b', planCode: 'enterprise-m-eur-v1' });
  await requireBelow(ctx, 'sites', 1_000_000);
  await requireIn(ctx, 'apps', 'anything');
});

test('only what is sold can be found', (t) => {
  t.is(findPrice(app.ctx, 'business-m-eur-v1').plan.key, 'business');
  t.throws(() => findPrice(app.ctx, 'business-m-eur-v2'), { message: /business-m-eur-v2/ });
});
