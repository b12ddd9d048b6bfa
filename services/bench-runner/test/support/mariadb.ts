import { spawn, spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { freePort } from './free-port.ts';

export interface MariaDb {
  host: string;
  port: number;
  rootPassword: string;
  query<Row>(sql: string, values?: unknown[]): Promise<Row[]>;
  stop(): Promise<void>;
}

const run = (command: string, args: string[]): string => {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr}`);
  return stdout.trim();
};

/** A database server of its own in a folder of its own; both are gone after `stop`. */
export async function startMariaDb(rootPassword: string): Promise<MariaDb> {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'bench-runner-db-'));
  // Every MariaDB that starts removes what it finds in its folder for temporary tables, so that one is its own too.
  const scratch = path.join(dir, 'tmp');
  mkdirSync(scratch);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) {
    const [user, group] = [Number(run('id', ['-u', 'mysql'])), Number(run('id', ['-g', 'mysql']))];
    for (const folder of [dir, scratch]) chownSync(folder, user, group);
  }
  const common = ['--no-defaults', `--datadir=${dir}/data`, `--tmpdir=${scratch}`, ...(isRoot ? ['--user=mysql'] : [])];
  run('mariadb-install-db', [...common, '--auth-root-authentication-method=normal', '--skip-test-db']);
  const port = await freePort();
  const server = spawn(
    'mariadbd',
    [
      ...common,
      `--port=${port}`,
      `--socket=${dir}/socket`,
      `--pid-file=${dir}/pid`,
      '--bind-address=127.0.0.1',
      '--skip-name-resolve',
      '--innodb-buffer-pool-size=32M',
      '--innodb-flush-log-at-trx-commit=0',
    ],
    { stdio: 'ignore', env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` } },
  );
  const exited = new Promise((resolve) => server.once('exit', resolve));
  process.once('exit', () => server.kill('SIGKILL'));
  const query = async <Row>(sql: string, values: unknown[] = [], password = rootPassword): Promise<Row[]> => {
    const db = await createConnection({ host: '127.0.0.1', port, user: 'root', password });
    try {
      const [rows] = await db.query<RowDataPacket[]>(sql, values);
      return rows as Row[];
    } finally {
      await db.end();
    }
  };
  await patiently(() => query('select 1', [], ''));
  await query("delete from mysql.global_priv where user = ''", [], '');
  await query('set password for root@127.0.0.1 = password(?)', [rootPassword], '');
  return {
    host: '127.0.0.1',
    port,
    rootPassword,
    query,
    async stop() {
      server.kill('SIGTERM');
      await exited;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt > 150) throw error;
      await sleep(100);
    }
  }
}
