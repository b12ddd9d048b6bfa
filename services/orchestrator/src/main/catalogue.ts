import { ConfigError, loadConfig } from '#core/config/load.ts';
import { createApp } from '#core/process/app.ts';
import { applyCatalogue, describeChange, planCatalogue } from '#modules/billing/publish/service.ts';
import { CatalogueError } from '#modules/catalogue/parse.ts';

const USAGE = `catalogue plan    what differs between the catalogue and Lago; changes nothing
catalogue apply   makes Lago say what the catalogue says

Exit 0: they agree. 2: they differ (plan), or something published must not be altered. 1: it could not be found out.
`;
const DIFFERS = 2;

const print = (line: string) => process.stdout.write(`${line}\n`);

async function main(command: string | undefined): Promise<number> {
  if (command !== 'plan' && command !== 'apply') {
    process.stderr.write(USAGE);
    return 64;
  }
  const { ctx, lifecycle } = createApp(loadConfig(), 'catalogue');
  try {
    const isDryRun = command === 'plan';
    const { changes, refusals } = isDryRun
      ? await planCatalogue(ctx)
      : await applyCatalogue(ctx, (change) => print(describeChange(change)));
    // After `apply` what is left is what was not done.
    for (const change of changes) print(`${isDryRun ? '' : 'not done: '}${describeChange(change)}`);
    for (const refusal of refusals) print(`! ${refusal}`);
    const isSame = changes.length + refusals.length === 0;
    print(isSame ? 'Lago and the catalogue agree.' : `${changes.length} to change, ${refusals.length} refused.`);
    return isSame ? 0 : DIFFERS;
  } finally {
    await lifecycle.stop('done');
  }
}

try {
  process.exitCode = await main(process.argv[2]);
} catch (error) {
  const isReadable = error instanceof ConfigError || error instanceof CatalogueError;
  process.stderr.write(`${isReadable ? error.message : String((error as Error).stack)}\n`);
  process.exitCode = error instanceof ConfigError ? 78 : 1;
}
