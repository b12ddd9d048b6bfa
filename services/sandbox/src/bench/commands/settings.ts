import { randomBytes } from 'node:crypto';
import type { Connection } from 'mysql2/promise';
import { OPTIONS, parseOptions } from '../arguments.ts';
import type { Bench } from '../bench.ts';
import { connectToSite, withConnection } from '../database.ts';
import { BenchError } from '../failure.ts';
import { setPassword } from '../passwords.ts';

type SiteCommand = (bench: Bench, site: string, args: string[]) => Promise<void>;

const onSite = <T>(bench: Bench, site: string, work: (db: Connection) => Promise<T>): Promise<T> =>
  withConnection(connectToSite(bench.folder, bench.folder.config(site)), work);

export const setConfig: SiteCommand = async (bench, site, args) => {
  const { values, positionals } = parseOptions(OPTIONS['set-config'], args);
  const [key, value] = positionals;
  if (key === undefined || value === undefined) throw new BenchError("Error: Missing argument 'KEY' or 'VALUE'.");
  await bench.checkpoints.pass('set-config');
  bench.folder.writeConfig(site, {
    ...bench.folder.config(site),
    [key]: values.parse ? (JSON.parse(value) as unknown) : value,
  });
};

export const setMaintenanceMode: SiteCommand = async (bench, site, [mode]) => {
  if (mode !== 'on' && mode !== 'off') throw new BenchError(`Error: Invalid value for 'STATE': '${mode ?? ''}'`);
  await bench.checkpoints.pass('set-maintenance-mode');
  bench.folder.writeConfig(site, { ...bench.folder.config(site), maintenance_mode: mode === 'on' ? 1 : 0 });
};

export const scheduler: SiteCommand = async (bench, site, [state]) => {
  if (!state || !['enable', 'disable', 'pause', 'resume'].includes(state))
    throw new BenchError(`Error: Invalid value for 'STATE': '${state ?? ''}'`);
  await bench.checkpoints.pass('scheduler');
  const { pause_scheduler: _paused, ...config } = bench.folder.config(site);
  if (state === 'pause' || state === 'resume')
    bench.folder.writeConfig(site, state === 'pause' ? { ...config, pause_scheduler: 1 } : config);
  else
    await onSite(bench, site, (db) =>
      db.query('replace into tabSingles (name, doctype, field, value) values (?, ?, ?, ?)', [
        'System Settings.enable_scheduler',
        'System Settings',
        'enable_scheduler',
        state === 'enable' ? '1' : '0',
      ]),
    );
  bench.print(`Scheduler ${state}d for site ${site}`);
};

export const setAdminPassword: SiteCommand = async (bench, site, [password]) => {
  if (!password) throw new BenchError("Error: Missing argument 'ADMIN_PASSWORD'.");
  await bench.checkpoints.pass('set-admin-password');
  await onSite(bench, site, (db) => setPassword(db, 'Administrator', password));
};

export const addSystemManager: SiteCommand = async (bench, site, args) => {
  const { values, positionals } = parseOptions(OPTIONS['add-system-manager'], args);
  const [email] = positionals;
  if (!email) throw new BenchError("Error: Missing argument 'EMAIL'.");
  await bench.checkpoints.pass('add-system-manager');
  const fullName = [values['first-name'], values['last-name']].filter(Boolean).join(' ');
  await onSite(bench, site, async (db) => {
    await db.query('insert into tabUser (name, email, full_name, first_name) values (?, ?, ?, ?)', [
      email,
      email,
      fullName || email,
      values['first-name'] ?? email,
    ]);
    await db.query('insert into `tabHas Role` (name, parent, role) values (?, ?, ?)', [
      randomBytes(5).toString('hex'),
      email,
      'System Manager',
    ]);
    if (values.password) await setPassword(db, email, values.password);
  });
};

export const clearCache: SiteCommand = async (bench, site) => {
  bench.folder.config(site);
  await bench.checkpoints.pass('clear-cache');
};

export const buildSearchIndex: SiteCommand = async (bench, site) => {
  bench.folder.config(site);
  await bench.checkpoints.pass('build-search-index');
};

/** Exits 0 when no background job is queued; the stand-in has no queue. */
export const readyForMigration: SiteCommand = async (bench, site) => {
  bench.folder.config(site);
  await bench.checkpoints.pass('ready-for-migration');
  bench.print(`${site} ready for migration: Yes`);
};

export const doctor: SiteCommand = async (bench, site) => {
  await onSite(bench, site, (db) => db.ping());
  bench.print(`-----Checking scheduler status-----\nScheduler enabled for ${site}\nWorkers online: 1`);
};

export const browse: SiteCommand = async (bench, site, args) => {
  const { values } = parseOptions(OPTIONS.browse, args);
  const user = values.user ?? 'Administrator';
  await bench.checkpoints.pass('browse');
  const sid = randomBytes(28).toString('hex');
  await onSite(bench, site, async (db) => {
    const [found] = await db.query('select name from tabUser where name = ?', [user]);
    if (!Array.isArray(found) || found.length === 0) throw new BenchError(`User ${user} does not exist`);
    await db.query('insert into tabSessions (name, sid, user, lastupdate) values (?, ?, ?, now(6))', [sid, sid, user]);
  });
  bench.print(`Login URL: http://${site}/app?sid=${sid}`);
};
