import { request } from 'undici';
import type { Context } from '#core/context.ts';
import { hasProvider } from '#modules/llm/providers/service.ts';
import { oldestDueJobS } from './queries.ts';
import type { COMPONENTS, State } from './schemas.ts';

export type Component = (typeof COMPONENTS)[number];

const PROBE_MS = 3000;
/** Jobs that wait longer than this are noticed by people. */
const LATE_JOB_S = 120;

/** Whether each part does its work, as its users would find it. One that is not configured is not a part. */
export function probesOf(ctx: Context): Partial<Record<Component, () => Promise<State>>> {
  const { config } = ctx;
  return {
    // It is what answers.
    api: () => Promise.resolve('up'),
    database: () => unlessItFails(ctx.db.raw('select 1')),
    queue: async () => {
      if ((await unlessItFails(ctx.redis.ping())) === 'down') return 'down';
      return (await oldestDueJobS(ctx)) > LATE_JOB_S ? 'degraded' : 'up';
    },
    // By its public address, so that the edge is part of the answer; without a key a gateway that works says 401.
    ...(hasProvider(config) && { gateway: () => answers(`${config.GATEWAY_PUBLIC_URL}/models`) }),
    billing: () => answers(`${config.LAGO_API_URL}/health`),
    // A site that is not there is known to be not there by a bench that works.
    sites: () => answers(`${config.SITES_EDGE_URL}/api/method/ping`, { host: `probe.${config.SITES_DOMAIN}` }),
    login: () => answers(`${config.OIDC_ISSUER_URL}/.well-known/openid-configuration`),
  };
}

/** `down` for what throws or takes too long. */
export async function within(probe: () => Promise<State>): Promise<State> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<State>((resolve) => {
    timer = setTimeout(() => resolve('down'), PROBE_MS);
  });
  try {
    return await Promise.race([probe(), late]);
  } catch {
    return 'down';
  } finally {
    clearTimeout(timer);
  }
}

const unlessItFails = (work: PromiseLike<unknown>): Promise<State> =>
  Promise.resolve(work).then(
    () => 'up',
    () => 'down',
  );

async function answers(url: string, headers: Record<string, string> = {}): Promise<State> {
  const response = await request(url, { headers, signal: AbortSignal.timeout(PROBE_MS) });
  await response.body.dump();
  return response.statusCode < 500 ? 'up' : 'down';
}
