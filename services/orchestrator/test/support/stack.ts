import { randomBytes } from 'node:crypto';
import type { ExecutionContext, TestFn } from 'ava';
import knex from 'knex';
import { Redis } from 'ioredis';
import { loadConfig } from '#core/config/load.ts';
import type { Config } from '#core/config/variables.ts';
import { migrate } from '#core/db/migrate.ts';
import { type App, createApp } from '#core/process/app.ts';

/** The servers that scripts/test.sh starts; each test file makes a database and a Redis prefix of its own on them. */
function servers() {
  const database = process.env['TEST_DATABASE_URL'];
  const redis = process.env['TEST_REDIS_URL'];
  if (!database || !redis)
    throw new Error('Set TEST_DATABASE_URL and TEST_REDIS_URL, or run the tests by scripts/test.sh');
  return { database, redis };
}

export const TEST_ENV = {
  NODE_ENV: 'test',
  LOG_LEVEL: process.env['TEST_LOG_LEVEL'] ?? 'silent',
  HOST: '127.0.0.1',
  API_PORT: '0',
  WORKER_PORT: '0',
  GATEWAY_PORT: '0',
  PUBLIC_URL: 'http://localhost:4000',
  GATEWAY_PUBLIC_URL: 'http://localhost:4002/v1',
  SITES_DOMAIN: 'sites.example.test',
  SITE_URL_TEMPLATE: 'http://{site}',
  SITES_EDGE_URL: 'http://127.0.0.1:1',
  OIDC_ISSUER_URL: 'http://127.0.0.1:1',
  OIDC_CLIENT_ID: 'bastide-dashboard',
  OIDC_CLIENT_SECRET: 'oidc-test-secret',
  SESSION_COOKIE_NAME: '__Host-bastide-test',
  ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
  LAGO_API_URL: 'http://127.0.0.1:1',
  LAGO_API_KEY: 'lago-test-key',
  LAGO_WEBHOOK_HMAC_KEY: 'lago-test-hmac',
  STRIPE_API_URL: 'http://127.0.0.1:1',
  STRIPE_SECRET_KEY: 'sk_test_bastide',
  STRIPE_WEBHOOK_SECRET: 'whsec_test',
  CHARGILY_API_URL: 'http://127.0.0.1:1',
  CHARGILY_SECRET_KEY: 'test_sk_bastide',
  SMTP_URL: 'smtp://127.0.0.1:1',
  MAIL_FROM: 'Bastide <no-reply@example.test>',
  FRAPPE_AGENT_URL: 'http://127.0.0.1:1',
  FRAPPE_AGENT_TOKEN: 'agent-test-token',
  SITES_DB_ROOT_PASSWORD: 'rootpw',
  LLM_UPSTREAM_URL: 'http://127.0.0.1:1/v1',
  LLM_UPSTREAM_KEY: 'llm-test-key',
};

export interface TestDatabase {
  url: string;
  drop(): Promise<void>;
}

export async function createTestDatabase(): Promise<TestDatabase> {
  const { database } = servers();
  const name = `t_${randomBytes(8).toString('hex')}`;
  const admin = knex({ client: 'mysql2', connection: database, pool: { min: 0, max: 1 } });
  await admin.raw(`create database ${name} character set utf8mb4 collate utf8mb4_unicode_ci`);
  const url = new URL(database);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: async () => {
      await admin.raw(`drop database if exists ${name}`);
      await admin.destroy();
    },
  };
}

/** The environment of a process under test: its own database and prefix, and whatever the test sets. */
export function testEnv(database: TestDatabase, overrides: Record<string, string> = {}): Record<string, string> {
  return {
    ...TEST_ENV,
    DATABASE_URL: database.url,
    REDIS_URL: servers().redis,
    REDIS_PREFIX: `t-${randomBytes(6).toString('hex')}`,
    ...overrides,
  };
}

export interface TestApp extends App {
  config: Config;
  env: Record<string, string>;
}

/** A migrated database and a Redis prefix of the test's own; `cleanUp` is `atEnd(t)` or `atEndOfFile(test)`. */
export async function createTestApp(
  cleanUp: (run: () => Promise<void>) => void,
  overrides: Record<string, string> = {},
): Promise<TestApp> {
  const database = await createTestDatabase();
  const env = testEnv(database, overrides);
  const config = loadConfig(env);
  const app = createApp(config, 'test');
  await migrate(app.ctx.db, app.ctx.log);
  cleanUp(async () => {
    await app.lifecycle.stop('test over');
    await forgetPrefix(config);
    await database.drop();
  });
  return { ...app, config, env };
}

/** For a whole file: `const cleanUp = atEndOfFile(test); test.before(async () => { app = await createTestApp(cleanUp) })`. */
export function atEndOfFile(test: TestFn): (run: () => Promise<void>) => void {
  const runs: (() => Promise<void>)[] = [];
  test.after.always('clean up', async () => {
    for (const run of runs.reverse()) await run();
  });
  return (run) => runs.push(run);
}

/** For `test('…', async (t) => { const app = await createTestApp(atEnd(t)); … })`. */
export const atEnd = (t: ExecutionContext) => (run: () => Promise<void>) => t.teardown(run);

async function forgetPrefix(config: Config): Promise<void> {
  const redis = new Redis(config.REDIS_URL);
  for await (const keys of redis.scanStream({ match: `${config.REDIS_PREFIX}:*`, count: 500 }) as AsyncIterable<
    string[]
  >)
    if (keys.length > 0) await redis.del(...keys);
  redis.disconnect();
}

/** Polls until `probe` gives something; fails the test after `timeoutMs` with what it was waiting for. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined | false | null>,
  timeoutMs = 20_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false && value !== null) return value;
    if (Date.now() > deadline) throw new Error(`Gave up waiting for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
