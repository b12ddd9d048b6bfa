import type { Config } from '../config/variables.ts';
import type { Context } from '../context.ts';
import { connectDatabase } from '../db/connect.ts';
import { measurePool } from '../db/pool.ts';
import { createLogger } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import { connectRedis } from '../redis.ts';
import { Lifecycle } from './lifecycle.ts';

export interface App {
  ctx: Context;
  lifecycle: Lifecycle;
}

/** What every process has: configuration, log, metrics, stores, and an orderly end. */
export function createApp(config: Config, process: string): App {
  const log = createLogger(config, process);
  const db = connectDatabase(config);
  const redis = connectRedis(config, log);
  const metrics = createMetrics(process);
  measurePool(db, metrics.registry);
  const lifecycle = new Lifecycle(log);
  lifecycle.on('close', 'database', () => db.destroy());
  lifecycle.on('close', 'redis', () => redis.disconnect());
  const ctx: Context = {
    config,
    log,
    db,
    redis,
    metrics,
    actor: { type: 'system', job: process },
    requestId: `${process}-start`,
  };
  return { ctx, lifecycle };
}
