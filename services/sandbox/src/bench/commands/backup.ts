import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { OPTIONS, parseOptions } from '../arguments.ts';
import type { Bench } from '../bench.ts';
import { connectToSite, withConnection } from '../database.ts';

const stamp = (): string => new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '_');

export async function backup(bench: Bench, site: string, args: string[]): Promise<void> {
  const { values } = parseOptions(OPTIONS.backup, args);
  await bench.checkpoints.pass('backup');
  const target = path.resolve(values['backup-path'] ?? bench.folder.path(site, 'private/backups'));
  mkdirSync(target, { recursive: true });
  const file = (suffix: string) => path.join(target, `${stamp()}-${site.replaceAll('.', '_')}-${suffix}`);

  const database = file('database.sql.gz');
  writeFileSync(`${database}.part`, '');
  await bench.checkpoints.pass('backup:database');
  const dumped = await withConnection(connectToSite(bench.folder, bench.folder.config(site)), dump);
  writeFileSync(`${database}.part`, gzipSync(dumped));
  renameSync(`${database}.part`, database);
  const config = file('site_config_backup.json');
  copyFileSync(bench.folder.path(site, 'site_config.json'), config);
  bench.print(`Backup Summary for ${site} at ${new Date().toISOString()}`);
  bench.print(`Config  : ${config}\nDatabase: ${database}`);
  if (!values['with-files']) return;
  await bench.checkpoints.pass('backup:files');
  for (const [suffix, folder] of [
    ['files.tar', 'public/files'],
    ['private-files.tar', 'private/files'],
  ] as const) {
    const tar = file(suffix);
    execFileSync('tar', ['-cf', tar, '-C', bench.folder.sites, path.join(site, folder)]);
    bench.print(`${suffix.padEnd(8)}: ${tar}`);
  }
}

async function dump(db: Connection): Promise<string> {
  const [tables] = await db.query<RowDataPacket[][]>({ sql: 'show tables', rowsAsArray: true });
  const parts: string[] = [];
  for (const [table] of tables as unknown as string[][]) {
    if (table === undefined) continue;
    const [created] = await db.query<RowDataPacket[]>('show create table ??', [table]);
    parts.push(`${(created[0] as Record<string, string>)['Create Table']};`);
    const [rows] = await db.query<RowDataPacket[]>('select * from ??', [table]);
    for (const row of rows) parts.push(`${db.format('insert into ?? set ?', [table, row])};`);
  }
  return `${parts.join('\n')}\n`;
}
