import { readdirSync } from 'node:fs';
import type { Knex } from 'knex';
import type { Logger } from 'pino';
import { withLock } from './lock.ts';

const FOLDER = new URL('../../../migrations/', import.meta.url);

/**
 * MariaDB commits at every DDL statement, so a migration is a list of statements that may each be run again
 * (`if not exists`): a start that was killed in the middle simply starts over.
 */
interface MigrationFile {
  statements: readonly string[];
}

/** Forward only. A named lock lets two starts at once take turns. */
export async function migrate(db: Knex, log: Logger): Promise<string[]> {
  return withLock(db, 'migrate', 120, async () => {
    await db.raw(
      `create table if not exists migrations (
         name varchar(100) not null primary key, applied_at datetime(3) not null default current_timestamp(3)
       ) engine=InnoDB default charset=utf8mb4 collate=utf8mb4_unicode_ci`,
    );
    const applied = new Set(await db('migrations').pluck<string[]>('name'));
    const pending = migrationNames().filter((name) => !applied.has(name));
    for (const name of pending) {
      const { statements } = (await import(new URL(name, FOLDER).href)) as MigrationFile;
      for (const statement of statements) await db.raw(statement);
      await db('migrations').insert({ name });
      log.info({ migration: name }, 'migration applied');
    }
    return pending;
  });
}

export function migrationNames(): string[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.ts'))
    .sort();
}

export async function pendingMigrations(db: Knex): Promise<string[]> {
  const applied = new Set(await db('migrations').pluck<string[]>('name'));
  return migrationNames().filter((name) => !applied.has(name));
}
