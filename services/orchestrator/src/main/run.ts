import { ConfigError, loadConfig, publicConfig } from '#core/config/load.ts';
import { type App, createApp } from '#core/process/app.ts';
import { untilReady } from '#core/redis.ts';
import { checkProviderNames } from '#modules/llm/providers/service.ts';

const REDIS_PATIENCE_MS = 2000;

/** Start of every process: configuration first, all of its problems at once, then `start`. */
export async function run(name: string, start: (app: App) => Promise<number | void>): Promise<void> {
  let app: App;
  try {
    const config = loadConfig();
    checkProviderNames(config);
    app = createApp(config, name);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(78);
  }
  const { ctx, lifecycle } = app;
  lifecycle.handleSignals(ctx.config.SHUTDOWN_TIMEOUT_MS);
  process.on('unhandledRejection', (error) => ctx.log.error({ err: error }, 'unhandled rejection'));
  try {
    await untilReady(ctx.redis, REDIS_PATIENCE_MS);
    const port = await start(app);
    ctx.log.info({ port, config: publicConfig(ctx.config) }, 'started');
  } catch (error) {
    ctx.log.fatal({ err: error }, 'could not start');
    await lifecycle.stop('start failed');
    process.exit(1);
  }
}
