import { pageOf, pageQuery } from '#core/http/pagination.ts';
import { type Route, route } from '#core/http/route.ts';
import { AuditEntry, AuditFilter } from '#modules/audit/schemas.ts';
import { InvoicePage } from '#modules/billing/invoices/schemas.ts';
import { SubscriptionPage } from '#modules/billing/subscriptions/schemas.ts';
import type { UsageMeters } from '#modules/catalogue/service.ts';
import { TenantNotFound } from '#modules/identity/tenants/service.ts';
import {
  Customer,
  CustomerAttemptPage,
  CustomerMailPage,
  CustomerPage,
  CustomerParams,
  CustomerUsage,
  CustomerUsageQuery,
  TenantQuery,
} from './schemas.ts';
import {
  customerAttempts,
  customerAudit,
  customerInvoices,
  customerMails,
  customerSubscriptions,
  customerUsage,
  getCustomer,
  searchTenants,
} from './service.ts';

const tag = 'Platform: customers';
const path = '/v1/admin/tenants';
const one = `${path}/:tenantId`;

const lists: Route[] = [
  route({
    method: 'get',
    path,
    access: 'platform',
    scope: 'platform_customers:read',
    tag,
    summary: 'Find tenants, newest first',
    query: TenantQuery,
    response: { status: 200, schema: CustomerPage },
    handle: (ctx, { query }) => searchTenants(ctx, query),
  }),
  route({
    method: 'get',
    path: `${one}/subscriptions`,
    access: 'platform',
    scope: 'platform_customers:read',
    tag,
    summary: 'List a tenant’s subscriptions, newest first',
    params: CustomerParams,
    query: pageQuery,
    response: { status: 200, schema: SubscriptionPage },
    errors: [TenantNotFound],
    handle: (ctx, { params, query }) => customerSubscriptions(ctx, params.tenantId, query),
  }),
  route({
    method: 'get',
    path: `${one}/invoices`,
    access: 'platform',
    scope: 'platform_customers:read',
    tag,
    summary: 'List a tenant’s invoices, newest first',
    params: CustomerParams,
    query: pageQuery,
    response: { status: 200, schema: InvoicePage },
    errors: [TenantNotFound],
    handle: (ctx, { params, query }) => customerInvoices(ctx, params.tenantId, query),
  }),
  route({
    method: 'get',
    path: `${one}/usage`,
    access: 'platform',
    scope: 'platform_customers:read',
    tag,
    summary: 'What of a tenant’s usage was metered for the bill',
    params: CustomerParams,
    query: CustomerUsageQuery,
    response: { status: 200, schema: CustomerUsage },
    errors: [TenantNotFound],
    handle: (ctx, { params, query }) => customerUsage(ctx, params.tenantId, query),
  }),
  route({
    method: 'get',
    path: `${one}/payment-attempts`,
    access: 'platform',
    scope: 'platform_payments:read',
    tag,
    summary: 'List what a tenant tried to pay, newest first',
    params: CustomerParams,
    query: pageQuery,
    response: { status: 200, schema: CustomerAttemptPage },
    errors: [TenantNotFound],
    handle: (ctx, { params, query }) => customerAttempts(ctx, params.tenantId, query),
  }),
  route({
    method: 'get',
    path: `${one}/mails`,
    access: 'platform',
    scope: 'platform_traces:read',
    tag,
    summary: 'List what was mailed about a tenant, newest first',
    description: 'Without what the mails say: some carry links that let in whoever has them.',
    params: CustomerParams,
    query: pageQuery,
    response: { status: 200, schema: CustomerMailPage },
    errors: [TenantNotFound],
    handle: (ctx, { params, query }) => customerMails(ctx, params.tenantId, query),
  }),
  route({
    method: 'get',
    path: `${one}/audit-log`,
    access: 'platform',
    scope: 'platform_traces:read',
    tag,
    summary: 'List what was changed in a tenant, newest first',
    params: CustomerParams,
    query: AuditFilter,
    response: { status: 200, schema: pageOf(AuditEntry) },
    errors: [TenantNotFound],
    handle: (ctx, { params, query }) => customerAudit(ctx, params.tenantId, query),
  }),
];

/** `meters` count what the modules above billing own. */
export const customerRoutes = (meters: UsageMeters): Route[] => [
  route({
    method: 'get',
    path: one,
    access: 'platform',
    scope: 'platform_customers:read',
    tag,
    summary: 'Get a tenant: who is in it, what it may do and has used, what it owes',
    params: CustomerParams,
    response: { status: 200, schema: Customer },
    errors: [TenantNotFound],
    handle: (ctx, { params }) => getCustomer(ctx, params.tenantId, meters),
  }),
  ...lists,
];
