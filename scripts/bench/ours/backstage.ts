/**
 * What stands behind our gateway in production: a database with tenants who hold a plan and a key, and the worker's
 * consumer, which moves usage from the stream to the database. A process of its own, beside the gateway's core; answers
 * questions of the benchmark over its channel.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { withTenant } from '../../../services/orchestrator/src/core/context.ts';
import { grant } from '../../../services/orchestrator/src/modules/catalogue/service.ts';
import { createLlmKey } from '../../../services/orchestrator/src/modules/llm/keys/service.ts';
import { redisNames } from '../../../services/orchestrator/src/modules/llm/limits/names.ts';
import { UsageConsumer } from '../../../services/orchestrator/src/modules/llm/usage/consumer.ts';
import { createOwner } from '../../../services/orchestrator/test/support/people.ts';
import { repositoryPath } from '../../../services/orchestrator/test/support/processes.ts';
import { type TestApp, createTestApp } from '../../../services/orchestrator/test/support/stack.ts';
import type { Backstage, Pending } from './pending.ts';

const TENANTS = 64;
const PLAN = 'llm-pro-m-usd-v1';
/** Counted like any other, and never reached. */
const MUCH = { perDay: 100_000_000, perMinute: 1_000_000, nanoUsd: 1e14, dailyBudgetUsd: 100_000 };

const cleanUps: (() => Promise<void>)[] = [];
const folder = mkdtempSync(join(tmpdir(), 'bastide-bench-'));
cleanUps.push(() => Promise.resolve(rmSync(folder, { recursive: true, force: true })));

const app = await createTestApp((run) => cleanUps.push(run), {
  // Two providers by their routes and prices, at the same address.
  LLM_PROVIDER_URLS: ['openrouter', 'openai'].map((name) => `${name}=http://127.0.0.1:${process.argv[2]}/v1`).join(','),
  OPENROUTER_API_KEY: 'bench',
  OPENAI_API_KEY: 'bench',
  LLM_DAILY_BUDGET_USD: String(MUCH.dailyBudgetUsd),
  CATALOGUE_FILE: generousCatalogue(),
  DATA_DIR: join(folder, 'data'),
});
const keys: string[] = [];
for (let made = 0; made < TENANTS; made += 1) keys.push(await keyOfNewTenant(app));

const consumer = new UsageConsumer(app.ctx);
consumer.start();
cleanUps.push(() => consumer.stop());

const names = redisNames(app.config.REDIS_PREFIX);
process.on('message', () => {
  void pending().then((found) => process.send?.(found));
});
process.once('SIGTERM', () => {
  void cleanUp();
});
const backstage: Backstage = { env: app.env, keys };
process.stdout.write(`ready ${JSON.stringify(backstage)}\n`);

async function cleanUp(): Promise<void> {
  for (const run of cleanUps.reverse()) await run();
  process.exit(0);
}

async function keyOfNewTenant(app: TestApp): Promise<string> {
  const { tenantId } = await createOwner(app, { currency: 'USD' });
  const tenant = withTenant(app.ctx, tenantId);
  await grant(tenant, { source: 'sub_bench', planCode: PLAN });
  const limits = { budget: { nanoUsd: MUCH.nanoUsd, period: 'day' as const } };
  const { secret } = await createLlmKey(tenant, { name: 'bench', limits });
  return secret;
}

/** The plan, with its limits out of reach. */
function generousCatalogue(): string {
  const path = join(folder, 'catalogue.yaml');
  const text = readFileSync(repositoryPath('services/orchestrator/catalogue.yaml'), 'utf8');
  const catalogue = parse(text, { merge: true }) as { plans: { key: string; entitlements: Record<string, unknown> }[] };
  const plan = catalogue.plans.find(({ key }) => key === 'llm-pro');
  if (!plan) throw new Error('The catalogue has no plan llm-pro.');
  Object.assign(plan.entitlements, {
    llm_messages_per_day: MUCH.perDay,
    llm_requests_per_minute: MUCH.perMinute,
  });
  writeFileSync(path, JSON.stringify(catalogue));
  return path;
}

/** Usage that is not in the database yet, and reservations that nobody has given back. */
async function pending(): Promise<Pending> {
  const { db, redis } = app.ctx;
  const rows = await db('llm_usage').count({ count: '*' }).first<{ count: number }>();
  const gateways = await redis.hkeys(names.gateways);
  const reserved = await Promise.all(gateways.map((gateway) => redis.hlen(names.reserved(gateway))));
  return {
    inStream: await redis.xlen(names.usage),
    stored: Number(rows.count),
    reserved: reserved.reduce((sum, count) => sum + count, 0),
  };
}
