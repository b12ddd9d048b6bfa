import { createHash } from 'node:crypto';
import type { Knex } from 'knex';
import { defineError } from '../errors.ts';

interface LockConnection {
  promise(): { query(sql: string, values: unknown[]): Promise<[Record<string, number | null>[]]> };
}

export const LockBusy = defineError<{ name: string }>(
  'lock.busy',
  503,
  (d) => `${d.name} is being worked on; try again.`,
  {
    retryAfterS: 2,
  },
);

/**
 * Server-wide names: the database is part of it, so that two installations on one server do not meet.
 * Hashed, because MariaDB allows 192 bytes and ids may be longer.
 */
const lockName = (db: Knex, name: string) => {
  const { config } = db.client as { config: { connection: { database: string } } };
  return createHash('sha256').update(`${config.connection.database}/${name}`).digest('hex').slice(0, 48);
};

/**
 * Holds a named lock on a connection of its own. A killed process loses its connection and so the lock at once:
 * no lease to wait for, nothing to clean up.
 */
export async function withLock<T>(db: Knex, name: string, waitS: number, work: () => Promise<T>): Promise<T> {
  const release = await acquireLock(db, name, waitS);
  if (!release) throw LockBusy({ name });
  try {
    return await work();
  } finally {
    await release();
  }
}

/** Undefined when somebody else holds it after `waitS` seconds. */
export async function acquireLock(db: Knex, name: string, waitS: number): Promise<(() => Promise<void>) | undefined> {
  const client = db.client as {
    acquireConnection(): Promise<LockConnection>;
    releaseConnection(c: LockConnection): void;
  };
  const connection = await client.acquireConnection();
  try {
    const [rows] = await connection.promise().query('select get_lock(?, ?) as got', [lockName(db, name), waitS]);
    if (rows[0]?.['got'] !== 1) {
      client.releaseConnection(connection);
      return undefined;
    }
  } catch (error) {
    client.releaseConnection(connection);
    throw error;
  }
  return async () => {
    try {
      await connection.promise().query('select release_lock(?) as released', [lockName(db, name)]);
    } catch {
      // The connection is gone, and the lock with it.
    } finally {
      client.releaseConnection(connection);
    }
  };
}

export async function isLockHeld(db: Knex, name: string): Promise<boolean> {
  const [rows] = (await db.raw('select is_used_lock(?) as holder', [lockName(db, name)])) as [
    { holder: number | null }[],
  ];
  return rows[0]?.holder != null;
}
