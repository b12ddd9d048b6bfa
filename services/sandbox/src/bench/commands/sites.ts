import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { OPTIONS, parseOptions } from '../arguments.ts';
import type { Bench } from '../bench.ts';
import { connectAsRoot, connectToSite, createDatabase, dropDatabase, withConnection } from '../database.ts';
import { createCoreTables, recordApp, syncDocTypes } from '../doctypes.ts';
import { BenchError } from '../failure.ts';
import { setPassword } from '../passwords.ts';
import { installApp } from './apps.ts';

const letters = (length: number) => randomBytes(length).toString('base64url').replaceAll(/[-_]/g, 'x').slice(0, length);

const onlyArgument = (positionals: string[]): string => {
  const [site, extra] = positionals;
  if (site === undefined) throw new BenchError("Error: Missing argument 'SITE'.");
  if (extra !== undefined) throw new BenchError(`Error: Got unexpected extra argument (${extra})`);
  return site;
};

const required = (value: string | undefined, name: string): string => {
  if (value === undefined) throw new BenchError(`Error: ${name} is required when nobody can be asked`);
  return value;
};

export async function newSite(bench: Bench, args: string[]): Promise<void> {
  const { values, positionals } = parseOptions(OPTIONS['new-site'], args);
  const site = onlyArgument(positionals);
  const adminPassword = required(values['admin-password'], '--admin-password');
  const rootPassword = required(values['db-root-password'], '--db-root-password');
  await bench.checkpoints.pass('new-site');
  if (bench.folder.exists(site)) throw new BenchError(`Site ${site} already exists`);

  const name = values['db-name'] ?? `_${randomBytes(8).toString('hex')}`;
  const password = letters(16);
  bench.folder.create(site);
  bench.folder.writeConfig(site, { db_name: name, db_password: password, db_type: 'mariadb' });
  bench.print('');
  await bench.checkpoints.pass('new-site:database');
  await withConnection(connectAsRoot(bench.folder, values['db-root-username'], rootPassword), (root) =>
    createDatabase(root, {
      name,
      password,
      host: values['mariadb-user-host-login-scope'] ?? 'localhost',
      force: values.force ?? false,
    }),
  );
  bench.print('Installing frappe...');
  await installFrappe(bench, site, adminPassword);
  for (const app of values['install-app']) await installApp(bench, site, app);
}

async function installFrappe(bench: Bench, site: string, adminPassword: string): Promise<void> {
  const config = bench.folder.config(site);
  await withConnection(connectToSite(bench.folder, config), async (db) => {
    await createCoreTables(db);
    await syncDocTypes(bench, db, 'frappe', 'new-site:frappe');
    await setPassword(db, 'Administrator', adminPassword);
    await recordApp(db, 'frappe');
  });
  bench.folder.writeConfig(site, { ...config, encryption_key: randomBytes(32).toString('base64') });
  bench.print('*** Scheduler is disabled ***');
}

/** Connects to the site's own database first, and so cannot drop a site whose database is gone; neither can Frappe. */
export async function dropSite(bench: Bench, args: string[]): Promise<void> {
  const { values, positionals } = parseOptions(OPTIONS['drop-site'], args);
  const site = onlyArgument(positionals);
  const rootPassword = required(values['db-root-password'], '--db-root-password');
  const config = bench.folder.config(site);
  await bench.checkpoints.pass('drop-site');
  await withConnection(connectToSite(bench.folder, config), (db) => db.ping());
  await withConnection(connectAsRoot(bench.folder, values['db-root-username'], rootPassword), async (root) => {
    bench.print(`Dropping site database and user`);
    await dropDatabase(root, config.db_name);
  });
  await bench.checkpoints.pass('drop-site:directory');
  bench.folder.archive(site, values['archived-sites-path'] ?? path.resolve(bench.folder.sites, '../archived/sites'));
}
