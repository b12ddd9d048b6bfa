/** What the databases of the stack hold, as one checksum a table: two moments are equal when these are. */
import { compose } from './docker.ts';
import './names.ts';

export const mariadb = (sql: string) =>
  compose(
    ...['exec', '-T', 'mariadb', 'sh', '-c'],
    'MYSQL_PWD=$(cat /run/secrets/mariadb_root_password) exec mariadb --no-defaults --protocol=socket --user=root --batch --skip-column-names --execute="$0"',
    sql,
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
  const lines = sums.split('\n').map((line) => line.trim().split('\t'));
  const stores = Object.fromEntries(
    lines.filter(([name = '']) => name !== '' && !RESTLESS.test(name)).map(([name = '', sum = '']) => [name, sum]),
  );
  return { ...stores, ...(await billed()) };
}

type Row = Record<string, unknown>;

/** What Lago says it has; its own notes of when it was last asked change with every start of the stack. */
async function billed(): Promise<Record<string, string>> {
  const response = await fetch('http://lago-api:3099');
  const state = (await response.json()) as Record<'customers' | 'subscriptions' | 'invoices' | 'events', Row[]>;
  const pick = (rows: Row[], fields: string[]) =>
    JSON.stringify(rows.map((row) => fields.map((field) => row[field] ?? null)));
  return {
    'lago customers': pick(state.customers, ['lago_id', 'external_id']),
    'lago subscriptions': pick(state.subscriptions, ['lago_id', 'external_id', 'plan_code', 'status']),
    'lago invoices': pick(state.invoices, ['number', 'status', 'payment_status', 'total_amount_cents']),
    'lago events': pick(state.events, ['transaction_id']),
  };
}
