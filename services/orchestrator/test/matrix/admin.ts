import { newId } from '#core/ids.ts';
import type { MatrixEntry, MatrixRequest, MatrixWorld } from '#test/support/matrix.ts';

async function ofWebhook({ ctx }: MatrixWorld): Promise<MatrixRequest> {
  const id = newId('inbox');
  await ctx.db('inbox').insert({ id, source: 'lago', event_key: id, event_type: 'x', body: '{"webhook_type":"x"}' });
  return { params: { webhookId: id } };
}
const badWebhookId = { path: 'params.webhookId', change: () => ({ params: { webhookId: 'inb_1' } }) };
const notThere = (params: Record<string, string>) => ({
  name: 'what is not there',
  status: 404,
  code: 'entity.not_found',
  request: ({ admin }: MatrixWorld) => Promise.resolve({ caller: admin, request: { params } }),
});
const ofTenant = ({ owner }: MatrixWorld): MatrixRequest => ({ params: { tenantId: owner.tenantId } });
const badTenantId = { path: 'params.tenantId', change: () => ({ params: { tenantId: 'ten_1' } }) };
const noTenant = [{ ...notThere({ tenantId: newId('tenant') }), code: 'tenant.not_found' }];
const badPage = { path: 'query.limit', change: (happy: MatrixRequest) => ({ ...happy, query: { limit: '0' } }) };
const noWebhook = notThere({ webhookId: newId('inbox') });

export const entries: MatrixEntry[] = [
  { route: 'get /admin/dashboard', happy: () => ({}), badInput: { none: 'takes no input' } },
  {
    route: 'get /v1/admin/llm/usage',
    happy: () => ({ query: { from: '2026-01-01', to: '2026-01-31', groupBy: 'user', limit: '5' } }),
    badInput: { path: 'query.from', change: () => ({ query: { from: '2026-02-01', to: '2026-01-31' } }) },
  },
  {
    route: 'get /v1/admin/llm/usage.csv',
    happy: () => ({ query: { from: '2026-01-01', to: '2026-01-31' } }),
    badInput: { path: 'query.tenantId', change: () => ({ query: { tenantId: 'usr_1' } }) },
  },
  {
    route: 'get /v1/admin/llm/abusive-users',
    happy: () => ({ query: { day: '2026-01-31' } }),
    badInput: { path: 'query.day', change: () => ({ query: { day: 'yesterday' } }) },
  },
  {
    route: 'get /v1/admin/revenue',
    happy: () => ({ query: { from: '2026-01', to: '2026-03' } }),
    badInput: { path: 'query.from', change: () => ({ query: { from: '2026-02', to: '2026-01' } }) },
  },
  {
    route: 'get /v1/admin/revenue.csv',
    happy: () => ({ query: { from: '2026-01', to: '2026-03' } }),
    badInput: { path: 'query.to', change: () => ({ query: { to: 'March' } }) },
  },
  {
    route: 'get /v1/admin/webhooks',
    happy: () => ({ query: { source: 'stripe', state: 'failed', since: '2026-01-01T00:00:00Z', q: 'evt_1' } }),
    badInput: { path: 'query.source', change: () => ({ query: { source: 'paypal' } }) },
  },
  { route: 'get /v1/admin/webhooks/:webhookId', happy: ofWebhook, badInput: badWebhookId, extra: [noWebhook] },
  { route: 'post /v1/admin/webhooks/:webhookId/replay', happy: ofWebhook, badInput: badWebhookId, extra: [noWebhook] },
  {
    route: 'get /v1/admin/tenants',
    happy: () => ({ query: { q: 'café' } }),
    badInput: { path: 'query.limit', change: () => ({ query: { limit: '0' } }) },
  },
  { route: 'get /v1/admin/tenants/:tenantId', happy: ofTenant, badInput: badTenantId, extra: noTenant },
  { route: 'get /v1/admin/tenants/:tenantId/subscriptions', happy: ofTenant, badInput: badPage, extra: noTenant },
  { route: 'get /v1/admin/tenants/:tenantId/invoices', happy: ofTenant, badInput: badPage, extra: noTenant },
  {
    route: 'get /v1/admin/tenants/:tenantId/usage',
    happy: ofTenant,
    badInput: { path: 'query.days', change: (happy) => ({ ...happy, query: { days: '1000' } }) },
    extra: noTenant,
  },
  { route: 'get /v1/admin/tenants/:tenantId/payment-attempts', happy: ofTenant, badInput: badPage, extra: noTenant },
  { route: 'get /v1/admin/tenants/:tenantId/mails', happy: ofTenant, badInput: badPage, extra: noTenant },
  { route: 'get /v1/admin/tenants/:tenantId/audit-log', happy: ofTenant, badInput: badPage, extra: noTenant },
];
