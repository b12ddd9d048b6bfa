import type { Knex } from 'knex';
import { type Page, type PageQuery, paginate } from '#core/http/pagination.ts';

export interface TenantRow {
  id: string;
  slug: string;
  name: string;
  currency: string;
  created_at: Date;
}

const literally = (text: string): string => text.replaceAll(/[\\%_]/g, String.raw`\$&`);
const isAscii = (text: string): boolean => /^[!-~]+$/.test(text);

/** Where a tenant is named by something of its own: an id, or the number of an invoice. */
const NAMED_BY = [
  { table: 'subscriptions', column: 'id', pattern: /^sub_/ },
  { table: 'invoices', column: 'id', pattern: /^inv_/ },
  { table: 'invoices', column: 'number', pattern: /-/ },
  { table: 'payments', column: 'id', pattern: /^pay_/ },
  { table: 'payments', column: 'provider_payment_id', pattern: /^[a-z]+_/ },
  { table: 'payment_attempts', column: 'id', pattern: /^pat_/ },
  { table: 'sites', column: 'host', pattern: /\./ },
] as const;

/** Tenants by name, slug, id, a member’s address, or the id of anything that is billed to them. */
export function findTenants(db: Knex, text: string | undefined, query: PageQuery): Promise<Page<TenantRow>> {
  const rows = db<TenantRow>('tenants').select('tenants.*');
  if (text !== undefined)
    void rows.where((any) => {
      const like = `%${literally(text)}%`;
      void any.where('tenants.name', 'like', like);
      void any.orWhereIn(
        'tenants.id',
        db('members')
          .join('users', 'users.id', 'members.user_id')
          .where('users.email', 'like', like)
          .select('tenant_id'),
      );
      // These columns are ASCII: the database refuses to compare them with anything else.
      if (!isAscii(text)) return;
      void any.orWhere('tenants.id', text).orWhere('tenants.slug', 'like', like);
      for (const { table, column, pattern } of NAMED_BY)
        if (pattern.test(text)) void any.orWhereIn('tenants.id', db(table).where(column, text).select('tenant_id'));
    });
  return paginate(rows as unknown as Knex.QueryBuilder<TenantRow, TenantRow[]>, query, 'tenants.id');
}

export interface MemberRow {
  tenant_id: string;
  user_id: string;
  name: string;
  email: string;
  role: 'owner' | 'editor' | 'viewer';
}

export const membersOf = (db: Knex, tenantIds: readonly string[]): Promise<MemberRow[]> =>
  db('members')
    .join('users', 'users.id', 'members.user_id')
    .whereIn('members.tenant_id', [...tenantIds])
    .orderBy('members.id')
    .select('members.tenant_id', 'members.user_id', 'members.role', 'users.name', 'users.email');

/** What tenants have that is paid for, and what it brings in; free plans say nothing of a tenant. */
export const payingPlansOf = (
  db: Knex,
  tenantIds: readonly string[],
): Promise<{ tenant_id: string; plan_key: string; currency: string; twelfths: number }[]> =>
  db('mrr_sources')
    .whereIn('tenant_id', [...tenantIds])
    .whereNotNull('price_code')
    .where('twelfths', '>', 0)
    .orderBy('source_id')
    .select('tenant_id', 'plan_key', 'currency', 'twelfths');

/** What is owed, and what of it is late, by currency. */
export const owedBy = (
  db: Knex,
  tenantId: string,
): Promise<{ currency: string; owed: string; overdue: string; invoices: number }[]> =>
  db('invoices')
    .where({ tenant_id: tenantId, status: 'finalized' })
    .whereNot('payment_status', 'succeeded')
    .where('total_minor', '>', 0)
    .groupBy('currency')
    .orderBy('currency')
    .select('currency', {
      owed: db.raw('sum(total_minor)'),
      overdue: db.raw('sum(if(is_overdue = 1, total_minor, 0))'),
      invoices: db.raw('count(*)'),
    });

export interface AttemptRow {
  id: string;
  invoice_id: string;
  provider: string;
  provider_session_id: string | null;
  amount_minor: number;
  currency: string;
  state: 'creating' | 'open' | 'paid' | 'expired' | 'failed';
  problem: string | null;
  expires_at: Date;
  created_at: Date;
}

export interface MailRow {
  id: string;
  template: string;
  locale: 'en' | 'fr';
  to_email: string;
  subject: string | null;
  state: 'queued' | 'sent' | 'failed';
  attempts: number;
  error: string | null;
  created_at: Date;
  sent_at: Date | null;
}

/** Never `data`: it may hold the link of an invitation. */
const MAIL = [
  ...['id', 'template', 'locale', 'to_email', 'subject', 'state', 'attempts', 'error', 'created_at', 'sent_at'],
];

export const ofTenant = (db: Knex, tenantId: string) => ({
  attempts: (query: PageQuery): Promise<Page<AttemptRow>> =>
    paginate(
      db<AttemptRow>('payment_attempts').where('tenant_id', tenantId) as unknown as Knex.QueryBuilder<
        AttemptRow,
        AttemptRow[]
      >,
      query,
    ),
  mails: (query: PageQuery): Promise<Page<MailRow>> =>
    paginate(
      db('mails').where('tenant_id', tenantId).select(MAIL) as unknown as Knex.QueryBuilder<MailRow, MailRow[]>,
      query,
    ),
});

export interface MeteredRow {
  metric: string;
  state: 'waiting' | 'sent' | 'refused' | 'late';
  count: number;
  sum: string | number | null;
  max: string | number | null;
  newest: Date;
  problem: string | null;
}

/** What was metered since then, by metric and by whether the bill knows it; `field` is what each metric adds up. */
export async function meteredOf(
  db: Knex,
  tenantId: string,
  since: Date,
  fields: Readonly<Record<string, string>>,
): Promise<MeteredRow[]> {
  const names = Object.entries(fields);
  const path = names.length > 0 ? `case metric ${names.map(() => 'when ? then ?').join(' ')} end` : 'null';
  const value = `cast(json_value(properties, concat('$.', ${path})) as decimal(30, 9))`;
  const [rows] = (await db.raw(
    `select metric, state, count(*) as count, sum(value) as sum, max(value) as max, max(at) as newest,
            max(problem) as problem
     from (select metric, state, at, problem, ${value} as value from usage_events
           where tenant_id = ? and at >= ?) metered
     group by metric, state order by metric, state`,
    [...names.flat(), tenantId, since],
  )) as [MeteredRow[]];
  return rows;
}
