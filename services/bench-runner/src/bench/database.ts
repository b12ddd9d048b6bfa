import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { z } from 'zod';
import { DatabaseName } from './names.ts';
import type { SiteConfig } from './sites.ts';

export interface DatabaseServer {
  host: string;
  port: number;
  /** Makes and drops the sites' databases; its password comes with each request. */
  adminUser: string;
}

const CONNECT_TIMEOUT_MS = 10_000;
const LOCK_WAIT_S = 30;
/** A statement of a killed client may still end after its client did. */
const PASSES = 3;

const SiteLogin = z.object({ db_name: DatabaseName, db_user: z.string().optional(), db_password: z.string() });

interface Login {
  user: string;
  password: string;
  database?: string;
}

async function withConnection<T>(
  server: DatabaseServer,
  login: Login,
  work: (db: Connection) => Promise<T>,
): Promise<T> {
  const { host, port } = server;
  const db = await createConnection({ host, port, ...login, connectTimeout: CONNECT_TIMEOUT_MS });
  try {
    return await work(db);
  } finally {
    await db.end().catch(() => db.destroy());
  }
}

/** Removes a site's database and its user (Frappe gives both one name), whatever is left of them. */
export async function dropDatabase(server: DatabaseServer, rootPassword: string, name: string): Promise<void> {
  DatabaseName.parse(name);
  await withConnection(server, { user: server.adminUser, password: rootPassword }, async (root) => {
    await root.query('set session lock_wait_timeout = ?', [LOCK_WAIT_S]);
    for (let pass = 0; pass < PASSES; pass += 1) {
      await endSessions(root, name);
      await root.query('drop database if exists ??', [name]);
      for (const host of await userHosts(root, name)) await root.query('drop user if exists ?@?', [name, host]);
      if (pass > 0) await sleep(100);
    }
    if ((await hasDatabase(root, name)) || (await userHosts(root, name)).length > 0)
      throw new Error(`Database ${name} or its user came back after it was dropped`);
  });
}

export const databaseExists = (server: DatabaseServer, rootPassword: string, name: string): Promise<boolean> =>
  withConnection(server, { user: server.adminUser, password: rootPassword }, (root) => hasDatabase(root, name));

export async function siteDatabaseFacts(
  server: DatabaseServer,
  config: SiteConfig,
): Promise<{ sizeBytes: number; timezone: string }> {
  const { db_name: database, db_user: user = database, db_password: password } = SiteLogin.parse(config);
  return withConnection(server, { user, password, database }, async (db) => {
    const [sizes] = await db.query<RowDataPacket[]>(
      'select sum(data_length + index_length) as bytes from information_schema.tables where table_schema = ?',
      [database],
    );
    const [zones] = await db.query<RowDataPacket[]>(
      `select defvalue as zone from tabDefaultValue where defkey = 'time_zone' limit 1`,
    );
    const [{ bytes } = { bytes: 0 }] = sizes as { bytes: string | number | null }[];
    return { sizeBytes: Number(bytes ?? 0), timezone: (zones[0] as { zone?: string } | undefined)?.zone ?? '' };
  });
}

async function hasDatabase(root: Connection, name: string): Promise<boolean> {
  const [rows] = await root.query<RowDataPacket[]>('select 1 from information_schema.schemata where schema_name = ?', [
    name,
  ]);
  return rows.length > 0;
}

async function userHosts(root: Connection, name: string): Promise<string[]> {
  const [rows] = await root.query<RowDataPacket[]>('select Host as host from mysql.user where User = ?', [name]);
  return (rows as { host: string }[]).map((row) => row.host);
}

async function endSessions(root: Connection, name: string): Promise<void> {
  const [rows] = await root.query<RowDataPacket[]>(
    'select id from information_schema.processlist where user = ? or db = ?',
    [name, name],
  );
  for (const { id } of rows as { id: number }[])
    await root.query('kill connection ?', [id]).catch((error: { errno?: number }) => {
      const NO_SUCH_THREAD = 1094;
      if (error.errno !== NO_SUCH_THREAD) throw error;
    });
}
