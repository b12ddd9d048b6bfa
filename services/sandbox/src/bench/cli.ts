import { existsSync } from 'node:fs';
import path from 'node:path';
import { splitCommandLine } from './arguments.ts';
import { Bench } from './bench.ts';
import { installApps, listApps, migrate, uninstallApp } from './commands/apps.ts';
import { backup } from './commands/backup.ts';
import {
  addSystemManager,
  browse,
  buildSearchIndex,
  clearCache,
  doctor,
  readyForMigration,
  scheduler,
  setAdminPassword,
  setConfig,
  setMaintenanceMode,
} from './commands/settings.ts';
import { dropSite, newSite } from './commands/sites.ts';
import { BenchError } from './failure.ts';

const BENCH_COMMANDS = new Map([
  ['new-site', newSite],
  ['drop-site', dropSite],
]);

const SITE_COMMANDS = new Map([
  ['install-app', installApps],
  ['uninstall-app', uninstallApp],
  ['list-apps', listApps],
  ['migrate', migrate],
  ['backup', backup],
  ['set-config', setConfig],
  ['set-maintenance-mode', setMaintenanceMode],
  ['scheduler', scheduler],
  ['set-admin-password', setAdminPassword],
  ['add-system-manager', addSystemManager],
  ['clear-cache', clearCache],
  ['build-search-index', buildSearchIndex],
  ['ready-for-migration', readyForMigration],
  ['doctor', doctor],
  ['browse', browse],
]);

async function run(argv: string[]): Promise<void> {
  const { site, command, rest } = splitCommandLine(argv);
  const sitesDir = path.resolve('sites');
  if (!existsSync(sitesDir)) throw new BenchError('Error: not in a bench directory (no sites/ here)');
  const bench = new Bench({
    sitesDir,
    stepMs: Number(process.env['FAKE_BENCH_STEP_MS'] ?? 150),
    write: (text) => process.stdout.write(text),
  });
  const benchCommand = BENCH_COMMANDS.get(command);
  if (benchCommand) return benchCommand(bench, rest);
  const siteCommand = SITE_COMMANDS.get(command);
  if (!siteCommand) throw new BenchError(`Error: No such command '${command}'.`);
  if (site === undefined) throw new BenchError('Please specify --site sitename');
  return siteCommand(bench, site, rest);
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof BenchError ? error.message : String((error as Error).stack)}\n`);
  process.exitCode = 1;
}
