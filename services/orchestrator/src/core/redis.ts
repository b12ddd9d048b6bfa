import { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { Config } from './config/variables.ts';

/** Fails fast while Redis is away: the database holds the truth, and callers would rather answer than wait. */
export function connectRedis(config: Pick<Config, 'REDIS_URL'>, log: Logger): Redis {
  const redis = new Redis(config.REDIS_URL, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 3000,
    retryStrategy: (times) => Math.min(100 * times, 2000),
  });
  let isDown = false;
  redis.on('error', (error: Error) => {
    if (!isDown) log.warn({ err: error }, 'redis is not reachable');
    isDown = true;
  });
  redis.on('ready', () => {
    if (isDown) log.info('redis is back');
    isDown = false;
  });
  return redis;
}

/** What BullMQ's blocking worker connection asks for: wait and retry for ever. */
export function connectBlockingRedis(config: Pick<Config, 'REDIS_URL'>, log: Logger): Redis {
  const redis = new Redis(config.REDIS_URL, {
    maxRetriesPerRequest: null,
    retryStrategy: (times) => Math.min(100 * times, 2000),
  });
  redis.on('error', (error: Error) => log.debug({ err: error }, 'worker connection to redis'));
  return redis;
}

export function isRedisDown(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    error.name === 'MaxRetriesPerRequestError' ||
    /Stream isn't writeable|Connection is closed|ECONNREFUSED|ECONNRESET|LOADING/.test(error.message)
  );
}

/** Waits for the first connection, so that a start does not begin with failures; gives up quietly, as Redis may be down. */
export async function untilReady(redis: Redis, timeoutMs: number): Promise<void> {
  if (redis.status === 'ready') return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, timeoutMs);
    redis.once('ready', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
