import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const SCHEMA = `
create table if not exists meta (name text primary key, value blob not null) strict;
create table if not exists jobs (
  id integer primary key autoincrement,
  uid text not null unique,
  agent_job_id text unique,
  kind text not null,
  lane text not null,
  site text,
  status text not null,
  enqueued_at text not null,
  started_at text,
  ended_at text,
  timeout_ms integer not null,
  attempts integer not null default 0,
  -- Until the end the masked request, afterwards the result.
  data text not null,
  -- The whole request, encrypted; null once the job has ended.
  sealed_request blob
) strict;
create index if not exists jobs_by_status on jobs (status, lane, id);
create table if not exists steps (
  id integer primary key autoincrement,
  job_id integer not null references jobs on delete cascade,
  name text not null,
  status text not null,
  started_at text not null,
  ended_at text,
  data text not null default '{}'
) strict;
create index if not exists steps_by_job on steps (job_id);
create table if not exists commands (
  id integer primary key autoincrement,
  job_id integer not null references jobs on delete cascade,
  step_id integer references steps on delete cascade,
  command text not null,
  directory text not null,
  status text not null,
  started_at text not null,
  ended_at text,
  output text not null default '',
  returncode integer
) strict;
create index if not exists commands_by_job on commands (job_id);
`;

export interface JobDatabase {
  db: DatabaseSync;
  /** Tells this runner's children from another's. */
  runnerId: string;
  salt: Uint8Array;
}

/**
 * Opens the job database for this process alone: a second runner on the same folder would run every job twice.
 * Every commit reaches the disk before it returns, and freed pages are overwritten.
 */
export function openJobDatabase(dataDir: string): JobDatabase {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const db = new DatabaseSync(path.join(dataDir, 'jobs.sqlite3'), { timeout: 5000 });
  db.exec('pragma locking_mode = exclusive');
  db.exec('pragma journal_mode = wal; pragma synchronous = full; pragma secure_delete = on; pragma foreign_keys = on');
  db.exec(SCHEMA);
  const runnerId = constant(db, 'runner_id', () => Buffer.from(randomUUID()));
  return { db, runnerId: Buffer.from(runnerId).toString(), salt: constant(db, 'salt', () => randomBytes(32)) };
}

function constant(db: DatabaseSync, name: string, make: () => Uint8Array): Uint8Array {
  db.prepare('insert or ignore into meta (name, value) values (?, ?)').run(name, make());
  return (db.prepare('select value from meta where name = ?').get(name) as { value: Uint8Array }).value;
}
