import type { Redis } from 'ioredis';
import type { Context } from '../context.ts';

/** A topic says that something changed, never what: whoever listens reads the database again. */
export const operationTopic = (operationId: string) => `operation/${operationId}`;
export const tenantTopic = (tenantId: string) => `tenant/${tenantId}`;

export const liveChannel = (prefix: string) => `${prefix}:live`;

/** Best effort: listeners also look by themselves every few seconds, so a Redis that is down only makes it slower. */
export function announce(ctx: Pick<Context, 'redis' | 'config' | 'log'>, topic: string): void {
  const { redis }: { redis: Redis } = ctx;
  redis.publish(liveChannel(ctx.config.REDIS_PREFIX), topic).catch((error: unknown) => {
    ctx.log.debug({ err: error, topic }, 'could not announce');
  });
}
