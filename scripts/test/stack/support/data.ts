/** What the databases of the stack hold, as one checksum a table: two moments are equal when these are. */
import { compose } from './docker.ts';

export const mariadb = (sql: string) =>
  compose(
    ...['exec', '-T', 'mariadb', 'sh', '-c'],
    'MYSQL_PWD=$(cat /run/secrets/mariadb_root_password) exec mariadb --no-defaults --protocol=socket --user=root --batch --skip-column-names --execute="$0"',
    sql,
  );

export const postgres = (database: string, sql: string) =>
  compose(
    ...[
      'exec',
      '-T',
      'postgres',
      'psql',
      '-XqAt',
      '-v',
      'ON_ERROR_STOP=1',
      '-U',
      'postgres',
      '-h',
      '/var/run/postgresql',
    ],
    ...['-d', database, '-c', sql],
  );

/** Written by clocks and heartbeats while nobody does anything, or by the backup itself. */
const RESTLESS =
  /^(keycloak\.(jgroups|event|admin_event|offline)|bastide_backup\.|bastide\.(jobs_schedules|housekeeping|leases?))/i;

export async function checksums(): Promise<Record<string, string>> {
  const tables =
    await mariadb(`select concat('\`', table_schema, '\`.\`', table_name, '\`') from information_schema.tables
    where table_type = 'BASE TABLE' and table_schema not in ('mysql', 'sys', 'performance_schema', 'information_schema') order by 1`);
  const names = tables.split('\n').filter(Boolean);
  const sums = await mariadb(`checksum table ${names.join(', ')}`);
  const lago = await postgres(
    'lago',
    "select 'lago.organizations', md5(string_agg(o::text, '' order by id)) from organizations o",
  );
  const lines = [...sums.split('\n'), lago.replace('|', '\t')].map((line) => line.trim().split('\t'));
  return Object.fromEntries(
    lines.filter(([name = '']) => name !== '' && !RESTLESS.test(name)).map(([name = '', sum = '']) => [name, sum]),
  );
}
