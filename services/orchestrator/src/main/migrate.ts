import { migrate } from '#core/db/migrate.ts';
import { run } from './run.ts';

await run('migrate', async ({ ctx, lifecycle }) => {
  const applied = await migrate(ctx.db, ctx.log);
  ctx.log.info({ applied: applied.length }, 'the database is up to date');
  await lifecycle.stop('done');
});
