import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { ConfigError, loadConfig, type Config } from './config.ts';
import { startRunner } from './runner.ts';

function readConfig(): Config {
  try {
    return loadConfig(process.env, (path) => readFileSync(path, 'utf8'));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`The configuration is wrong:\n${error.message}\n`);
    process.exit(78);
  }
}

const config = readConfig();
const log = pino({
  name: 'bench-runner',
  level: config.logLevel,
  timestamp: pino.stdTimeFunctions.isoTime,
  formatters: { level: (level) => ({ level }) },
});
// Made to be killed: a process in doubt ends, and the next one puts its jobs in order.
const crash = (error: unknown): never => {
  log.fatal({ err: error }, 'bench runner crashed');
  process.exit(1);
};
process.on('uncaughtException', crash);

const runner = await startRunner(config, log, crash).catch(crash);
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => {
    log.info({ signal }, 'bench runner stopping');
    runner.stop().then(() => process.exit(0), crash);
  });
