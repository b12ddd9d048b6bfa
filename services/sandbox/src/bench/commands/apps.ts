import { OPTIONS, parseOptions } from '../arguments.ts';
import type { Bench } from '../bench.ts';
import { connectToSite, installedApps, withConnection } from '../database.ts';
import { dropApp, recordApp, syncDocTypes } from '../doctypes.ts';
import { BenchError } from '../failure.ts';

const onSite = <T>(bench: Bench, site: string, work: Parameters<typeof withConnection<T>>[1]): Promise<T> =>
  withConnection(connectToSite(bench.folder, bench.folder.config(site)), work);

export async function installApp(bench: Bench, site: string, app: string, isForced = false): Promise<void> {
  if (!bench.folder.apps().includes(app)) throw new BenchError(`App ${app} not in apps.txt`);
  await onSite(bench, site, async (db) => {
    if (!isForced && (await installedApps(db)).includes(app)) {
      bench.print(`App ${app} already installed`);
      return;
    }
    bench.print(`Installing ${app}...`);
    await syncDocTypes(bench, db, app, `install-app:${app}`);
    await recordApp(db, app);
  });
}

export async function installApps(bench: Bench, site: string, args: string[]): Promise<void> {
  const { values, positionals } = parseOptions(OPTIONS['install-app'], args);
  await bench.checkpoints.pass('install-app');
  for (const app of positionals) await installApp(bench, site, app, values.force);
}

export async function uninstallApp(bench: Bench, site: string, args: string[]): Promise<void> {
  const { positionals } = parseOptions(OPTIONS['uninstall-app'], args);
  const [app = ''] = positionals;
  await bench.checkpoints.pass('uninstall-app');
  await onSite(bench, site, async (db) => {
    if (!(await installedApps(db)).includes(app)) throw new BenchError(`App ${app} not installed on Site ${site}`);
    bench.print(`Uninstalling App ${app} from Site ${site}...`);
    await bench.checkpoints.pass(`uninstall-app:${app}`);
    await dropApp(db, app);
  });
  bench.print(`Uninstalled App ${app} from Site ${site}`);
}

export async function listApps(bench: Bench, site: string, args: string[]): Promise<void> {
  const { values } = parseOptions(OPTIONS['list-apps'], args);
  const apps = await onSite(bench, site, installedApps);
  if (values.format === 'json') bench.print(JSON.stringify({ [site]: apps }));
  else for (const app of apps) bench.print(`${app} 16.0.0 version-16`);
}

export async function migrate(bench: Bench, site: string, args: string[]): Promise<void> {
  parseOptions(OPTIONS.migrate, args);
  await bench.checkpoints.pass('migrate');
  bench.print(`Migrating ${site}`);
  await onSite(bench, site, async (db) => {
    for (const app of await installedApps(db)) await syncDocTypes(bench, db, app, `migrate:${app}`);
  });
  bench.print('Executing `after_migrate` hooks...');
}
