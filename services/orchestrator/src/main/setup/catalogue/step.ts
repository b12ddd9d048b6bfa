import type { Config } from '#core/config/variables.ts';
import { createApp } from '#core/process/app.ts';
import { applyCatalogue, describeChange, planCatalogue } from '#modules/billing/publish/service.ts';
import { SetupFailure } from '../failure.ts';
import type { Change, SetupStep } from '../types.ts';

/** The catalogue's metrics, prices and the webhook endpoint in Lago. Needs the migrated database. */
export const catalogueStep: SetupStep<Config> = {
  name: 'catalogue',
  plan: (config) =>
    withApp(config, async (ctx) => {
      const { changes, refusals } = await planCatalogue(ctx);
      refuse(refusals);
      return changes.map((change) => ({ what: describeChange(change) }));
    }),
  apply: (config) =>
    withApp(config, async (ctx) => {
      const done: Change[] = [];
      const { changes, refusals } = await applyCatalogue(ctx, (change) => done.push({ what: describeChange(change) }));
      refuse(refusals);
      if (changes.length > 0)
        throw new SetupFailure({
          what: 'Lago has not kept what the catalogue says',
          why: changes.map(describeChange).join('; '),
          fix: 'see whether somebody changes it in Lago at the same time, then start again: docker compose up -d',
        });
      return done;
    }),
};

/** Selling by a catalogue that Lago does not bill by would make wrong invoices: nothing starts then. */
function refuse(refusals: readonly string[]): void {
  if (refusals.length === 0) return;
  throw new SetupFailure({
    what: 'The catalogue changes what is published already',
    why: refusals.join('; '),
    fix: 'undo these changes in the catalogue file, or raise the revision of the plans; see "node src/main/catalogue.ts plan"',
  });
}

type AppContext = ReturnType<typeof createApp>['ctx'];

async function withApp<T>(config: Config, work: (ctx: AppContext) => Promise<T>): Promise<T> {
  const { ctx, lifecycle } = createApp({ ...config, LOG_LEVEL: 'silent' }, 'bootstrap');
  try {
    return await work(ctx);
  } finally {
    await lifecycle.stop('done');
  }
}
