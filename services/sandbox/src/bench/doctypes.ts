import type { Connection } from 'mysql2/promise';
import type { Bench } from './bench.ts';

const CORE = [
  [
    'tabUser',
    'email varchar(140), full_name varchar(140), first_name varchar(140), enabled tinyint not null default 1',
  ],
  ['tabDefaultValue', 'parent varchar(140), defkey varchar(140), defvalue text'],
  ['tabInstalled Application', 'app_name varchar(140) unique, app_version varchar(140), idx int not null'],
  ['tabSessions', 'sid varchar(255), user varchar(255), lastupdate datetime(6)'],
  ['tabHas Role', 'parent varchar(140), role varchar(140)'],
  ['tabSingles', 'doctype varchar(140), field varchar(140), value text'],
  ['__Auth', 'fieldname varchar(140), password text, encrypted int not null default 0'],
] as const;

const APP_DOCTYPES: Record<string, readonly string[]> = {
  frappe: ['File', 'Email Queue', 'Scheduled Job Type', 'Activity Log'],
  erpnext: ['Company', 'Customer', 'Item', 'Sales Invoice', 'Purchase Order', 'Stock Ledger Entry'],
  hrms: ['Employee', 'Leave Application', 'Salary Slip'],
  crm: ['CRM Lead', 'CRM Deal', 'CRM Organization'],
};

export async function createCoreTables(db: Connection): Promise<void> {
  for (const [table, columns] of CORE)
    await db.query(`create table if not exists ?? (name varchar(140) not null primary key, ${columns})`, [table]);
  await db.query('insert ignore into tabDefaultValue (name, parent, defkey, defvalue) values ?', [
    [
      ['time_zone', '__default', 'time_zone', 'Asia/Kolkata'],
      ['lang', '__default', 'lang', 'en'],
    ],
  ]);
  await db.query('insert ignore into tabUser (name, email, full_name, first_name) values ?', [
    [
      ['Administrator', 'admin@example.com', 'Administrator', 'Administrator'],
      ['Guest', 'guest@example.com', 'Guest', 'Guest'],
    ],
  ]);
}

/** Creates an app's tables as the real one does: in the order of its DocTypes, with a bar that grows. */
export async function syncDocTypes(bench: Bench, db: Connection, app: string, place: string): Promise<void> {
  const docTypes = APP_DOCTYPES[app] ?? [`${app} Settings`, `${app} Log`];
  for (const [index, docType] of docTypes.entries()) {
    await bench.checkpoints.pass(place);
    await db.query('create table if not exists ?? (name varchar(140) not null primary key, creation datetime(6))', [
      `tab${docType}`,
    ]);
    bench.progress(`Updating DocTypes for ${app}`, (index + 1) / docTypes.length);
  }
  bench.print('');
}

export async function recordApp(db: Connection, app: string): Promise<void> {
  await db.query(
    `insert into \`tabInstalled Application\` (name, app_name, app_version, idx)
     select ?, ?, '16.0.0', count(*) + 1 from \`tabInstalled Application\`
     on duplicate key update app_version = values(app_version)`,
    [app, app],
  );
}

export async function dropApp(db: Connection, app: string): Promise<void> {
  for (const docType of APP_DOCTYPES[app] ?? [`${app} Settings`, `${app} Log`])
    await db.query('drop table if exists ??', [`tab${docType}`]);
  await db.query('delete from `tabInstalled Application` where app_name = ?', [app]);
}
