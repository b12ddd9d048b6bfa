import type { Context } from '#core/context.ts';
import { redisNames } from './names.ts';

/** When a tenant's version rose is noted beside it: counters of limits that are younger than their period are not 0. */
const RAISE = `
  local known = tonumber(redis.call('GET', KEYS[1]) or '0')
  if tonumber(ARGV[1]) <= known then return end
  redis.call('SET', KEYS[1], ARGV[1])
  if ARGV[2] ~= '' then redis.call('SET', KEYS[1] .. ':changed', redis.call('TIME')[1] .. '000', 'EX', ARGV[2]) end
`;
/** Longer than any period lasts. */
export const CHANGED_TTL_S = 40 * 86_400;

type Parts = Pick<Context, 'redis' | 'config'>;

/** Never lowers: the news of two changes may arrive in the other order. */
export async function raiseVersion(ctx: Parts, tenantId: string, version: number): Promise<void> {
  await ctx.redis.eval(RAISE, 1, redisNames(ctx.config.REDIS_PREFIX).version(tenantId), version, CHANGED_TTL_S);
}

/** After an edit of routes or prices is committed: every gateway takes it over before its next completion. */
export async function raiseConfigVersion(ctx: Parts, version: number): Promise<void> {
  await ctx.redis.eval(RAISE, 1, redisNames(ctx.config.REDIS_PREFIX).configVersion, version, '');
}
