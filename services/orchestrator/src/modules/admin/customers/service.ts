import { type Context, withTenant } from '#core/context.ts';
import type { Page, PageQuery } from '#core/http/pagination.ts';
import { listAuditLog } from '#modules/audit/service.ts';
import type { AuditEntry, AuditFilter } from '#modules/audit/schemas.ts';
import { listInvoices } from '#modules/billing/invoices/service.ts';
import { listSubscriptions } from '#modules/billing/subscriptions/service.ts';
import { type UsageMeters, catalogue, describeEntitlements } from '#modules/catalogue/service.ts';
import { getTenant } from '#modules/identity/tenants/service.ts';
import type { Tenant } from '#modules/identity/tenants/schemas.ts';
import { minorOf } from '../revenue/months.ts';
import {
  type AttemptRow,
  type MailRow,
  type MemberRow,
  type MeteredRow,
  type TenantRow,
  findTenants,
  membersOf,
  meteredOf,
  ofTenant,
  owedBy,
  payingPlansOf,
} from './queries.ts';
import type {
  Customer,
  CustomerAttempt,
  CustomerMail,
  CustomerSummary,
  CustomerUsage,
  CustomerUsageQuery,
  TenantQuery,
} from './schemas.ts';

const DAY_MS = 86_400_000;

export async function searchTenants(ctx: Context, { q, ...query }: TenantQuery): Promise<Page<CustomerSummary>> {
  const page = await findTenants(ctx.db, q, query);
  const ids = page.items.map(({ id }) => id);
  const [people, plans] = [await membersOf(ctx.db, ids), await payingPlansOf(ctx.db, ids)];
  const items = page.items.map((row) => ({
    ...presentTenant(row),
    ...payingOf(plans.filter(({ tenant_id: id }) => id === row.id)),
    owners: people.filter(({ tenant_id: id, role }) => id === row.id && role === 'owner').map(presentMember),
  }));
  return { ...page, items };
}

export async function getCustomer(ctx: Context, tenantId: string, meters: UsageMeters): Promise<Customer> {
  const tenant = await getTenant(ctx, tenantId);
  const owed = await owedBy(ctx.db, tenantId);
  return {
    ...tenant,
    ...payingOf(await payingPlansOf(ctx.db, [tenantId])),
    members: (await membersOf(ctx.db, [tenantId])).map(presentMember),
    owed: owed.map((row) => ({
      ...{ currency: row.currency, amountMinor: Number(row.owed), overdueMinor: Number(row.overdue) },
      invoices: Number(row.invoices),
    })),
    entitlements: await describeEntitlements(withTenant(ctx, tenantId), meters),
  };
}

/** The tenant’s own view of a thing, for who runs the place; throws `tenant.not_found`. */
async function asTenant(ctx: Context, tenantId: string) {
  await getTenant(ctx, tenantId);
  return withTenant(ctx, tenantId);
}

export const customerSubscriptions = async (ctx: Context, tenantId: string, query: PageQuery) =>
  listSubscriptions(await asTenant(ctx, tenantId), query);

export const customerInvoices = async (ctx: Context, tenantId: string, query: PageQuery) =>
  listInvoices(await asTenant(ctx, tenantId), query);

export const customerAudit = async (ctx: Context, tenantId: string, filter: AuditFilter): Promise<Page<AuditEntry>> =>
  listAuditLog(await asTenant(ctx, tenantId), filter);

export async function customerAttempts(
  ctx: Context,
  tenantId: string,
  query: PageQuery,
): Promise<Page<CustomerAttempt>> {
  await getTenant(ctx, tenantId);
  const page = await ofTenant(ctx.db, tenantId).attempts(query);
  return { ...page, items: page.items.map(presentAttempt) };
}

export async function customerMails(ctx: Context, tenantId: string, query: PageQuery): Promise<Page<CustomerMail>> {
  await getTenant(ctx, tenantId);
  const page = await ofTenant(ctx.db, tenantId).mails(query);
  return { ...page, items: page.items.map(presentMail) };
}

export async function customerUsage(
  ctx: Context,
  tenantId: string,
  { days }: CustomerUsageQuery,
): Promise<CustomerUsage> {
  await getTenant(ctx, tenantId);
  const since = new Date(Date.now() - days * DAY_MS);
  const { metrics } = catalogue(ctx);
  const fields = Object.fromEntries(metrics.flatMap(({ code, field }) => (field === undefined ? [] : [[code, field]])));
  const rows = await meteredOf(ctx.db, tenantId, since, fields);
  return {
    since: since.toISOString(),
    metrics: metrics.flatMap(({ code, line, name, aggregation }) => {
      const mine = rows.filter(({ metric }) => metric === code);
      return mine.length === 0 ? [] : [{ metric: code, line, name, aggregation, ...metered(aggregation, mine) }];
    }),
  };
}

function metered(aggregation: string, rows: readonly MeteredRow[]) {
  const count = (...states: MeteredRow['state'][]) =>
    rows.filter(({ state }) => states.includes(state)).reduce((total, row) => total + Number(row.count), 0);
  // What is refused, or came too late, is on no bill.
  const billed = rows.filter(({ state }) => state === 'waiting' || state === 'sent');
  return {
    quantity: quantityOf(aggregation, billed),
    events: count('waiting', 'sent'),
    waiting: count('waiting'),
    refused: count('refused', 'late'),
    problem: rows.find(({ problem }) => problem !== null)?.problem ?? null,
    newestAt: new Date(Math.max(...rows.map(({ newest }) => newest.getTime()))).toISOString(),
  };
}

function quantityOf(aggregation: string, rows: readonly MeteredRow[]): number | null {
  if (aggregation === 'count') return rows.reduce((total, row) => total + Number(row.count), 0);
  if (aggregation === 'sum') return rows.reduce((total, row) => total + Number(row.sum ?? 0), 0);
  if (aggregation === 'max') return Math.max(0, ...rows.map((row) => Number(row.max ?? 0)));
  return null;
}

function payingOf(plans: readonly { plan_key: string; currency: string; twelfths: number }[]) {
  const byCurrency = Map.groupBy(plans, ({ currency }) => currency);
  return {
    planKeys: plans.map(({ plan_key: planKey }) => planKey),
    recurring: [...byCurrency].map(([currency, rows]) => {
      const arrMinor = rows.reduce((total, { twelfths }) => total + twelfths, 0);
      return { currency, mrrMinor: minorOf(arrMinor), arrMinor };
    }),
  };
}

const presentTenant = (row: TenantRow): Tenant => ({
  id: row.id,
  slug: row.slug,
  name: row.name,
  currency: row.currency as Tenant['currency'],
  createdAt: row.created_at.toISOString(),
});

const presentMember = ({ user_id: userId, name, email, role }: MemberRow) => ({ userId, name, email, role });

const presentAttempt = (row: AttemptRow): CustomerAttempt => ({
  id: row.id,
  invoiceId: row.invoice_id,
  provider: row.provider,
  providerSessionId: row.provider_session_id,
  amountMinor: row.amount_minor,
  currency: row.currency,
  state: row.state,
  problem: row.problem,
  expiresAt: row.expires_at.toISOString(),
  createdAt: row.created_at.toISOString(),
});

const presentMail = (row: MailRow): CustomerMail => ({
  id: row.id,
  template: row.template,
  locale: row.locale,
  to: row.to_email,
  subject: row.subject,
  state: row.state,
  attempts: row.attempts,
  problem: row.error,
  createdAt: row.created_at.toISOString(),
  sentAt: row.sent_at?.toISOString() ?? null,
});
