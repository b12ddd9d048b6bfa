import type { Context } from '#core/context.ts';
import { redisNames } from './names.ts';

const RAISE = `
  local known = tonumber(redis.call('GET', KEYS[1]) or '0')
  if tonumber(ARGV[1]) > known then redis.call('SET', KEYS[1], ARGV[1]) end
`;

/** Never lowers: the news of two changes may arrive in the other order. */
export async function raiseVersion(
  ctx: Pick<Context, 'redis' | 'config'>,
  tenantId: string,
  version: number,
): Promise<void> {
  await ctx.redis.eval(RAISE, 1, redisNames(ctx.config.REDIS_PREFIX).version(tenantId), version);
}
