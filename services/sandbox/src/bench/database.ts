import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { BenchError } from './failure.ts';
import type { BenchFolder, SiteConfig } from './folder.ts';

interface Login {
  user: string;
  password: string;
  database?: string;
}

const connect = async (folder: BenchFolder, login: Login): Promise<Connection> => {
  const { db_host: host, db_port: port } = folder.common();
  try {
    return await createConnection({ host, port, connectTimeout: 10_000, ...login });
  } catch (error) {
    const { errno, message } = error as { errno?: number; message: string };
    throw new BenchError(`pymysql.err.OperationalError: (${errno ?? 2003}, ${JSON.stringify(message)})`);
  }
};

export const connectAsRoot = (folder: BenchFolder, user: string, password: string): Promise<Connection> =>
  connect(folder, { user, password });

/** Frappe gives a site's database and its user one name. */
export const connectToSite = (folder: BenchFolder, config: SiteConfig): Promise<Connection> =>
  connect(folder, { user: config.db_name, password: config.db_password, database: config.db_name });

export async function withConnection<T>(
  opening: Promise<Connection>,
  work: (db: Connection) => Promise<T>,
): Promise<T> {
  const db = await opening;
  try {
    return await work(db);
  } finally {
    await db.end();
  }
}

interface NewDatabase {
  name: string;
  password: string;
  host: string;
  force: boolean;
}

export async function createDatabase(root: Connection, { name, password, host, force }: NewDatabase): Promise<void> {
  const [found] = await root.query<RowDataPacket[]>('show databases like ?', [name.replaceAll('_', '\\_')]);
  if (found.length > 0 && !force)
    throw new BenchError(`Database ${name} already exists, please drop it or pass \`--force\`.`);
  await root.query('drop user if exists ?@?', [name, host]);
  await root.query('create user ?@? identified by ?', [name, host, password]);
  await root.query('drop database if exists ??', [name]);
  await root.query('create database ?? character set utf8mb4 collate utf8mb4_unicode_ci', [name]);
  await root.query('grant all privileges on ??.* to ?@?', [name, name, host]);
  await root.query('flush privileges');
}

export async function dropDatabase(root: Connection, name: string): Promise<void> {
  await root.query('drop database if exists ??', [name]);
  const [users] = await root.query<RowDataPacket[]>('select Host as host from mysql.user where User = ?', [name]);
  for (const { host } of users as { host: string }[]) await root.query('drop user if exists ?@?', [name, host]);
}

export async function installedApps(db: Connection): Promise<string[]> {
  const [rows] = await db.query<RowDataPacket[]>('select app_name from `tabInstalled Application` order by idx');
  return (rows as { app_name: string }[]).map((row) => row.app_name);
}
