import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context } from '../context.ts';
import { pendingMigrations } from '../db/migrate.ts';

export interface Health {
  isStopping: boolean;
  /** The store without which this process can do nothing; the other may be away. */
  needs: 'database' | 'queue';
  /** Beyond the stores: why this process cannot do its work, or undefined. */
  problem?: () => string | undefined;
}

const PATHS = new Set(['/healthz', '/readyz', '/metrics']);

/** Asked of every request, so it does not take the address apart. */
export const isHealthRequest = ({ url = '' }: IncomingMessage): boolean =>
  PATHS.has(url) || (url.includes('?') && PATHS.has(pathOf(url)));

/** `/healthz`: the process turns over. `/readyz`: it can do its work. `/metrics`: Prometheus. Never routed to the outside. */
export async function serveHealth(
  ctx: Context,
  health: Health,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = pathOf(request.url ?? '');
  if (path === '/healthz') return answer(response, 200, { status: 'ok' });
  if (path === '/readyz') {
    const checks = await readiness(ctx, health);
    const isReady = checks[health.needs] === 'ok' && checks['process'] === 'ok';
    return answer(response, isReady ? 200 : 503, { status: isReady ? 'ready' : 'not_ready', checks });
  }
  response.writeHead(200, { 'content-type': ctx.metrics.registry.contentType });
  response.end(await ctx.metrics.registry.metrics());
}

const pathOf = (url: string): string => url.split('?', 1)[0] ?? '';

async function readiness(ctx: Context, health: Health): Promise<Record<string, string>> {
  const [database, queue] = await Promise.all([check(() => assertMigrated(ctx)), check(() => ctx.redis.ping())]);
  const process = health.isStopping ? 'stopping' : (health.problem?.() ?? 'ok');
  return { process, database, queue };
}

async function assertMigrated(ctx: Context): Promise<void> {
  const pending = await pendingMigrations(ctx.db);
  if (pending.length > 0) throw new Error(`migrations are pending: ${pending.join(', ')}`);
}

async function check(probe: () => Promise<unknown>): Promise<string> {
  try {
    await probe();
    return 'ok';
  } catch (error) {
    return error instanceof Error ? error.message.slice(0, 200) : 'unreachable';
  }
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}
