import type { IncomingHttpHeaders } from 'node:http';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { loadConfig } from '#core/config/load.ts';
import { type Context, type TenantContext, withTenant } from '#core/context.ts';
import { createApp } from '#core/process/app.ts';
import { startGateway } from '#main/start-gateway.ts';
import { grant } from '#modules/catalogue/service.ts';
import type { GatewayOptions } from '#modules/llm/gateway/gateway.ts';
import type { CreateLlmKey, LlmKeyWithSecret } from '#modules/llm/keys/schemas.ts';
import { createLlmKey } from '#modules/llm/keys/service.ts';
import { breakerNames } from '#modules/llm/resilience/names.ts';
import { UsageConsumer } from '#modules/llm/usage/consumer.ts';
import { Clock } from '../../../sandbox/src/kernel/clock.ts';
import { Faults } from '../../../sandbox/src/kernel/faults.ts';
import { listen } from '../../../sandbox/src/kernel/listen.ts';
import { misbehaving } from '../../../sandbox/src/kernel/misbehave.ts';
import { RequestLog } from '../../../sandbox/src/kernel/request-log.ts';
import { createAnthropic } from '../../../sandbox/src/anthropic/anthropic.ts';
import { createGemini } from '../../../sandbox/src/gemini/gemini.ts';
import { createLlm } from '../../../sandbox/src/llm/llm.ts';
import { type RunningProcess, repositoryPath, startOrchestrator } from './processes.ts';
import { createOwner } from './people.ts';
import { TEST_ENV, type TestApp, createTestApp, eventually } from './stack.ts';

type CleanUp = (run: () => Promise<void>) => void;

/** What the provider says that it produced, whether or not it arrived. */
export interface Produced {
  requestId: string;
  promptTokens: number;
  completionTokens: number;
  outcome: string;
}

export interface UsageRow {
  request_id: string;
  tenant_id: string;
  key_id: string;
  provider: string;
  model: string;
  upstream_model: string | null;
  outcome: string;
  prompt_tokens: number;
  cached_tokens: number;
  completion_tokens: number;
  cost_nano_usd: number;
  price: string | null;
  is_estimated: number;
  is_stream: number;
  is_fallback: number;
  is_budget_fallback: number;
  is_cache_hit: number;
  first_byte_ms: number | null;
}

/** Prompt caching is the sandbox's own; the tests' times are short, so that they can see what happens after them. */
export const QUICK: GatewayOptions = { keeperTimes: { roundMs: 200, patienceMs: 1000, deadMs: 3000 } };
/** Its tokens are counted by the stand-in's own rule when it does not say them itself. */
export const MODEL = 'sandbox-small';
export const PRO = 'llm-pro-m-usd-v1';
export const FREE = 'llm-free-m-eur-v1';
export const STUDENT = 'llm-student-m-dzd-v1';

export interface TestProvider {
  faults: Faults;
  produced(): Produced[];
  configure(settings: Record<string, unknown>): void;
  /** When it saw the end of a request's connection or answer, by request id. */
  closedAt: ReadonlyMap<string, number>;
  /** Of the last request that reached it. */
  headers(): IncomingHttpHeaders;
  /** Nothing is being made any more. */
  idle(): Promise<unknown>;
  url: string;
}

export interface LlmWorld {
  app: TestApp;
  /** `custom`: the one that every tier falls to. */
  provider: TestProvider;
  /** The others that were asked for, by name. */
  providers: Readonly<Record<string, TestProvider>>;
  startGateway(env?: Record<string, string>, options?: GatewayOptions): Promise<TestGateway>;
  spawnGateway(env?: Record<string, string>): Promise<GatewayProcess>;
  startConsumer(options?: { claimIdleMs?: number }): UsageConsumer;
  /** A tenant with a plan and a key. `unlimited` is pro without its rate. */
  createTenant(plan?: string | null): Promise<TenantContext>;
  createKey(tenant: TenantContext, input?: Partial<CreateLlmKey>): Promise<LlmKeyWithSecret>;
  /** For gateways that start from now on. */
  forgetFailures(): Promise<unknown>;
  rows(): Promise<UsageRow[]>;
  /** Waits for so many rows. */
  rowsWhen(count: number, timeoutMs?: number): Promise<UsageRow[]>;
}

export interface TestGateway {
  ctx: Context;
  url: string;
  client(key: string | { secret: string }, options?: { maxRetries?: number }): OpenAI;
  /** As on SIGTERM. */
  stop(): Promise<void>;
}

/** A gateway in a process of its own, for what only a process shows: its memory, and its death. */
export interface GatewayProcess extends Omit<TestGateway, 'stop' | 'ctx'> {
  process: RunningProcess;
  rssBytes(): number;
}

interface WorldOptions {
  /** Providers by name, each with books and faults of its own, beside `custom`. */
  providers?: readonly string[];
  /** No plan limits the requests of a minute. */
  hasNoRates?: boolean;
}

/** A provider, a database, and what it takes to put gateways in between. */
export async function startLlmWorld(
  cleanUp: CleanUp,
  overrides: Record<string, string> = {},
  options: WorldOptions = {},
): Promise<LlmWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'bastide-llm-'));
  cleanUp(() => Promise.resolve(rmSync(folder, { recursive: true, force: true })));
  const provider = await startProvider(cleanUp);
  const providers: Record<string, TestProvider> = {};
  for (const name of options.providers ?? []) providers[name] = await startProvider(cleanUp, name);
  const app = await createTestApp(cleanUp, {
    LLM_UPSTREAM_URL: provider.url,
    LLM_PROVIDER_URLS: Object.entries(providers)
      .map(([name, { url }]) => `${name}=${url}`)
      .join(','),
    ...Object.fromEntries(
      Object.keys(providers).map((name) => [`${name.toUpperCase()}_API_KEY`, TEST_ENV.LLM_UPSTREAM_KEY]),
    ),
    DATA_DIR: join(folder, 'data'),
    LLM_PRICES_FILE: pricesOfTheSandbox(folder),
    // A machine that runs other tests beside this one is late without being overloaded.
    LLM_SHED_AFTER_MS: '60000',
    CATALOGUE_FILE: catalogueWithoutRate(folder, options.hasNoRates ?? false),
    ...overrides,
  });
  const rows = () => app.ctx.db<UsageRow>('llm_usage').orderBy('request_id');
  return {
    app,
    provider,
    providers,
    startGateway: async (env = {}, options = QUICK) => {
      const gateway = createApp(loadConfig({ ...app.env, ...env }), 'gateway');
      const stop = () => gateway.lifecycle.stop('test');
      cleanUp(stop);
      const url = `http://127.0.0.1:${await startGateway(gateway, options)}/v1`;
      await eventually('redis', () => Promise.resolve(gateway.ctx.redis.status === 'ready'));
      return { ctx: gateway.ctx, url, stop, client: clientOf(url) };
    },
    spawnGateway: async (env = {}) => {
      const running = await startOrchestrator('gateway', { ...app.env, ...env });
      cleanUp(() => running.kill('SIGKILL'));
      const url = `http://127.0.0.1:${running.port}/v1`;
      const rssBytes = () => {
        const status = readFileSync(`/proc/${running.child.pid ?? 0}/status`, 'utf8');
        return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
      };
      return { url, client: clientOf(url), process: running, rssBytes };
    },
    startConsumer: (options) => {
      const consumer = new UsageConsumer(app.ctx, options);
      consumer.start();
      cleanUp(() => consumer.stop());
      return consumer;
    },
    createTenant: async (plan = PRO) => {
      const { tenantId } = await createOwner(app, { currency: 'USD' });
      const tenant = withTenant(app.ctx, tenantId);
      if (plan !== null) await grant(tenant, { source: 'sub_test', planCode: plan });
      return tenant;
    },
    createKey: (tenant, input) => createLlmKey(tenant, { name: 'test', ...input }),
    forgetFailures: () => app.ctx.redis.del(breakerNames(app.ctx.config.REDIS_PREFIX).states),
    rows,
    rowsWhen: (count, timeoutMs) =>
      eventually(
        `${count} rows of usage`,
        async () => {
          const found = await rows();
          return found.length >= count ? found : undefined;
        },
        timeoutMs,
      ),
  };
}

/** Those that speak an API of their own; the rest speak OpenAI's. */
const NATIVE: Readonly<Record<string, typeof createLlm>> = { anthropic: createAnthropic, gemini: createGemini };

async function startProvider(cleanUp: CleanUp, name = 'custom'): Promise<TestProvider> {
  const world = { clock: new Clock(), faults: new Faults(), log: new RequestLog() };
  const llm = (NATIVE[name] ?? createLlm)(world, { apiKey: TEST_ENV.LLM_UPSTREAM_KEY });
  const listening = await listen('llm', 0);
  const closedAt = new Map<string, number>();
  let headers: IncomingHttpHeaders = {};
  listening.server.on('request', (request, response) => {
    headers = request.headers;
    response.once('close', () => closedAt.set(String(request.headers['x-request-id']), Date.now()));
  });
  listening.server.on('request', misbehaving(world, llm));
  cleanUp(() => listening.close());
  const state = () => llm.state() as { requests: Produced[] };
  return {
    faults: world.faults,
    produced: () => state().requests.map((request) => ({ ...request })),
    configure: (settings) => void llm.actions?.['configure']?.(settings),
    closedAt,
    headers: () => headers,
    idle: () =>
      eventually('the provider to be done', () =>
        Promise.resolve(state().requests.every(({ outcome }) => outcome !== 'open')),
      ),
    url: `${listening.url}/${name === 'gemini' ? 'v1beta' : 'v1'}`,
  };
}

export const clientOf =
  (url: string) =>
  (key: string | { secret: string }, options: { maxRetries?: number } = {}): OpenAI =>
    new OpenAI({
      baseURL: url,
      apiKey: typeof key === 'string' ? key : key.secret,
      maxRetries: options.maxRetries ?? 0,
    });

/** Pro without its limit per minute, for tests that are about something else; or no plan with one. */
function catalogueWithoutRate(folder: string, hasNoRates: boolean): string {
  const limited = hasNoRates
    ? /(llm_requests_per_minute|llm_tokens_per_minute|llm_concurrency): \d+/g
    : /(llm_requests_per_minute): 60\b/g;
  const path = join(folder, 'catalogue.yaml');
  const text = readFileSync(repositoryPath('services/orchestrator/catalogue.yaml'), 'utf8');
  writeFileSync(path, text.replaceAll(limited, '$1: unlimited'));
  return path;
}

/** Nobody sells what the stand-in makes. */
function pricesOfTheSandbox(folder: string): string {
  const path = join(folder, 'prices.yaml');
  const models = {
    'sandbox-small': { input: 0.15, cached: 0.075, output: 0.6 },
    'sandbox-embedding': { input: 0.02, kind: 'embedding' },
  };
  const source = 'https://example.test/prices';
  writeFileSync(path, JSON.stringify({ prices: [{ provider: 'custom', source, asOf: '2026-11-20', models }] }));
  return path;
}

export const hello = { model: MODEL, messages: [{ role: 'user' as const, content: 'Say hello to the whole café.' }] };

/** All of a stream. */
export async function textOf(
  stream: AsyncIterable<{ choices: { delta: { content?: string | null } }[] }>,
): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
  return text;
}
