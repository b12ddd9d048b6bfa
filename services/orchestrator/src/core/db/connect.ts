import knex, { type Knex } from 'knex';
import type { Config } from '../config/variables.ts';

/**
 * READ COMMITTED: workers that claim rows with `skip locked` must not hold gap locks, and MariaDB 11.8's snapshot
 * isolation (error 1020 under REPEATABLE READ) does not apply. Times are UTC at both ends.
 */
const SESSION_STATEMENTS = [
  'set session transaction isolation level read committed',
  `set session time_zone = '+00:00', innodb_lock_wait_timeout = 15,
     sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'`,
];

interface RawConnection {
  promise(): { query(sql: string): Promise<unknown> };
}

export function connectDatabase(config: Pick<Config, 'DATABASE_URL' | 'DATABASE_POOL_MAX'>): Knex {
  const url = new URL(config.DATABASE_URL);
  return knex({
    client: 'mysql2',
    connection: {
      host: url.hostname,
      port: Number(url.port || 3306),
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      database: url.pathname.slice(1),
      charset: 'utf8mb4',
      timezone: 'Z',
      supportBigNumbers: true,
      connectTimeout: 4000,
      // None is prepared; the driver's default makes room for 16 000 in each connection at once, 0.6 MB.
      maxPreparedStatements: 1,
    },
    pool: {
      min: 0,
      max: config.DATABASE_POOL_MAX,
      afterCreate(connection: RawConnection, done: (error: unknown, connection: RawConnection) => void) {
        const prepare = async () => {
          for (const statement of SESSION_STATEMENTS) await connection.promise().query(statement);
        };
        prepare().then(
          () => done(null, connection),
          (error: unknown) => done(error, connection),
        );
      },
    },
    acquireConnectionTimeout: 5000,
  });
}

const CONNECTION_PROBLEMS = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'PROTOCOL_CONNECTION_LOST',
  'ER_SERVER_SHUTDOWN',
  'ER_CONNECTION_KILLED',
  'ER_CON_COUNT_ERROR',
]);

/** True when the database could not be reached, as opposed to having refused the statement. */
export function isDatabaseDown(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === 'KnexTimeoutError') return true;
  const { code, fatal, message } = error as Error & { code?: string; fatal?: boolean };
  // mysql2 marks what ends a connection as fatal; an HTTP client's ECONNREFUSED has the same code and is not ours.
  if (fatal !== true && code?.startsWith('E') && !code.startsWith('ER_')) return false;
  return (code !== undefined && CONNECTION_PROBLEMS.has(code)) || /closed state|Connection lost/.test(message);
}

export function isDuplicate(error: unknown): boolean {
  return (error as { code?: string } | null)?.code === 'ER_DUP_ENTRY';
}
