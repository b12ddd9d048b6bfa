import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { type TenantContext, withTenant } from '#core/context.ts';
import { hashToken } from '#core/crypto/tokens.ts';
import { newId } from '#core/ids.ts';
import { grant } from '#modules/catalogue/service.ts';
import { type TestApi, startTestApi } from '#test/support/api.ts';
import type { Caller } from '#test/support/matrix.ts';
import { createOwner, createUser } from '#test/support/people.ts';
import { repositoryPath } from '#test/support/processes.ts';
import { type TestApp, atEndOfFile, createTestApp } from '#test/support/stack.ts';
import { usageRecord } from '#test/support/usage.ts';
import { statements } from '../../../../migrations/0130_llm_budgets.ts';
import { findPrincipal } from '../keys/find-principal.ts';
import { tenantVersions } from '../keys/queries.ts';
import { createLlmKey } from '../keys/service.ts';
import type { Budget } from '../limits/limits.ts';
import { redisNames } from '../limits/names.ts';
import { periodsAt } from '../limits/periods.ts';
import { storeUsage } from '../usage/service.ts';
import type { LlmBudget } from './schemas.ts';
import { tenantLimits } from './service.ts';

const ZONE = 'Pacific/Kiritimati';
const DOLLAR = 1_000_000_000;

const cleanUp = atEndOfFile(test);
let app: TestApp;
let api: TestApi;
let admin: Caller;

test.before(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bastide-budgets-'));
  cleanUp(() => Promise.resolve(rmSync(folder, { recursive: true })));
  const catalogue = readFileSync(repositoryPath('services/orchestrator/catalogue.yaml'), 'utf8');
  const file = join(folder, 'catalogue.yaml');
  const withBudget = (text: string, tier: string, usd: number) =>
    text.replace(`llm_tier: ${tier}\n`, `llm_tier: ${tier}\n      llm_budget_usd_per_month: ${usd}\n`);
  writeFileSync(file, withBudget(withBudget(catalogue, 'student', 5), 'pro', 25));
  app = await createTestApp(cleanUp, { CATALOGUE_FILE: file, LLM_TIME_ZONE: ZONE });
  api = await startTestApi(app);
  admin = await createUser(app, { roles: ['admin'] });
});

const tenantOf = ({ tenantId }: Caller): TenantContext => withTenant(app.ctx, tenantId);
const own = async (as: Caller, budget?: Budget | null): Promise<LlmBudget> => {
  const request = budget === undefined ? {} : { body: { budget } };
  return (await api.request(budget === undefined ? 'get' : 'put', '/v1/llm/budget', as, request)).body as LlmBudget;
};
const override = (tenantId: string, value: { budget: Budget | null } | null) =>
  api.request('put', '/v1/admin/llm/tenants/:tenantId/budget', admin, {
    params: { tenantId },
    body: { override: value },
  });
const limitsOf = async (as: Caller) => {
  const { tenant, ownBudget } = await tenantLimits(tenantOf(as));
  return { budget: tenant.budget, ownBudget };
};
const monthly = (usd: number): Budget => ({ nanoUsd: usd * DOLLAR, period: 'month' });

test('what a tenant sets for itself says what is spent and when it begins anew', async (t) => {
  const owner = await createOwner(app);
  t.deepEqual(await own(owner), { own: null, allowed: null });
  const { day, month } = periodsAt(ZONE, Date.now());
  const costs = [
    [day.beganMs, 3],
    [day.endsMs - 1, 4],
    [month.beganMs, 10],
    [month.beganMs - 1, 100],
  ] as const;
  const { tenantId } = owner;
  await storeUsage(
    app.ctx,
    costs.map(([at, costNanoUsd]) => usageRecord(tenantId, { at: new Date(at).toISOString(), costNanoUsd })),
  );
  const spentInDay = day.beganMs === month.beganMs ? 17 : 7;
  t.deepEqual(await own(owner, { nanoUsd: 15, period: 'day' }), {
    own: {
      ...{ nanoUsd: 15, period: 'day', spentNanoUsd: spentInDay },
      ...{ remainingNanoUsd: Math.max(0, 15 - spentInDay), resetsAt: new Date(day.endsMs).toISOString() },
    },
    allowed: null,
  });
  t.like(await own(owner, { nanoUsd: 100, period: 'month' }), {
    own: { spentNanoUsd: 17, remainingNanoUsd: 83, resetsAt: new Date(month.endsMs).toISOString() },
  });
  t.deepEqual(await own(owner, null), { own: null, allowed: null });
  const trail = await app.ctx.db('audit_log').where({ tenant_id: tenantId, action: 'llm_budget.set' }).pluck('details');
  t.deepEqual(
    trail.map((details: string) => JSON.parse(details) as unknown),
    [{ budget: { nanoUsd: 15, period: 'day' } }, { budget: { nanoUsd: 100, period: 'month' } }, { budget: null }],
  );
});

test('the best plan counts, unless the operator says otherwise; the tenant can only brake', async (t) => {
  const owner = await createOwner(app);
  await grant(tenantOf(owner), { source: 'sub_1', planCode: 'llm-student-m-dzd-v1' });
  t.deepEqual(await limitsOf(owner), { budget: monthly(5), ownBudget: null });
  await grant(tenantOf(owner), { source: 'sub_2', planCode: 'llm-pro-m-usd-v1' });
  t.deepEqual(await limitsOf(owner), { budget: monthly(25), ownBudget: null });
  await own(owner, monthly(100));
  t.deepEqual(await limitsOf(owner), { budget: monthly(25), ownBudget: monthly(100) });
  t.like((await override(owner.tenantId, { budget: { nanoUsd: 1, period: 'day' } })).body, {
    plan: monthly(25),
    isOverridden: true,
    allowed: { nanoUsd: 1, period: 'day' },
    own: monthly(100),
  });
  t.deepEqual(await limitsOf(owner), { budget: { nanoUsd: 1, period: 'day' }, ownBudget: monthly(100) });
  await override(owner.tenantId, { budget: null });
  t.deepEqual(await limitsOf(owner), { budget: null, ownBudget: monthly(100) });
  const { body } = await override(owner.tenantId, null);
  t.like(body, { isOverridden: false, allowed: monthly(25) });
  t.deepEqual(await limitsOf(owner), { budget: monthly(25), ownBudget: monthly(100) });
});

test('a change is in force for the next request: what gateways remember is out of date at once', async (t) => {
  const owner = await createOwner(app);
  const { secret } = await createLlmKey(tenantOf(owner), { name: 'Chatbot' });
  const versionInRedis = () => app.ctx.redis.get(redisNames(app.config.REDIS_PREFIX).version(owner.tenantId));
  const before = await tenantVersions(app.ctx.db).of(owner.tenantId);
  await own(owner, monthly(1));
  const principal = await findPrincipal(app.ctx, hashToken(secret));
  t.is(principal?.version, before + 1);
  t.deepEqual(principal?.limits.ownBudget, monthly(1));
  t.is(await versionInRedis(), String(before + 1));
  await override(owner.tenantId, { budget: monthly(2) });
  t.is(await versionInRedis(), String(before + 2));
  t.deepEqual((await findPrincipal(app.ctx, hashToken(secret)))?.limits.tenant.budget, monthly(2));
});

test('a tenant that is not there has no budget', async (t) => {
  const answer = await override(newId('tenant'), { budget: null });
  t.is(answer.status, 404);
  t.like(answer.body, { error: { code: 'tenant.not_found' } });
});

test('the migration runs twice', async (t) => {
  const owner = await createOwner(app);
  await own(owner, monthly(3));
  for (const statement of statements) await app.ctx.db.raw(statement);
  t.like(await own(owner), { own: monthly(3) });
});
