import { pino } from 'pino';
import { ConfigError, loadVariables } from '#core/config/load.ts';
import { variables } from '#core/config/variables.ts';
import { connectDatabase } from '#core/db/connect.ts';
import { migrate } from '#core/db/migrate.ts';
import { createLogger } from '#core/log.ts';

/** It comes before everything else, so it asks for nothing that is made later, such as the key of Lago's webhooks. */
const { NODE_ENV, LOG_LEVEL, DATABASE_URL, DATABASE_POOL_MAX } = variables;

async function main(): Promise<void> {
  const config = loadVariables({ NODE_ENV, LOG_LEVEL, DATABASE_URL, DATABASE_POOL_MAX });
  const log = createLogger(config, 'migrate');
  const db = connectDatabase(config);
  try {
    const applied = await migrate(db, log);
    log.info({ applied: applied.length }, 'the database is up to date');
  } finally {
    await db.destroy();
  }
}

try {
  await main();
} catch (error) {
  if (error instanceof ConfigError) process.stderr.write(`${error.message}\n`);
  else pino().fatal({ err: error }, 'the database could not be migrated');
  process.exitCode = error instanceof ConfigError ? 78 : 1;
}
