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
const GRANT = { planKey: 'enterprise', currency: 'EUR', amountMinor: 500_000, period: 'month', endsAt: null };
async function freeOfGrants({ ctx, owner }: MatrixWorld): Promise<MatrixRequest> {
  await ctx.db('plan_grants').update({ slot: null });
  return { params: { tenantId: owner.tenantId }, body: { ...GRANT, reason: 'a contract' } };
}
async function ofGrant({ ctx, owner }: MatrixWorld): Promise<MatrixRequest> {
  const id = newId('planGrant');
  await ctx.db('plan_grants').insert({
    ...{ id, tenant_id: owner.tenantId, line: 'sites', plan_key: 'enterprise', plan_code: 'enterprise-m-eur-v1' },
    ...{ currency: 'EUR', period: 'month', amount_minor: 1, reason: 'a contract' },
  });
  return { params: { grantId: id } };
}
const badGrantId = {
  path: 'params.grantId',
  change: (happy: MatrixRequest) => ({ ...happy, params: { grantId: 'grn_1' } }),
};
const missing = (params: Record<string, string>, body?: object) => {
  const extra = notThere(params);
  const request = async (world: MatrixWorld) => {
    const { caller, request } = await extra.request(world);
    return { caller, request: { ...request, ...(body && { body }) } };
  };
  return [{ ...extra, request }];
};
const noGrant = (body?: object) => missing({ grantId: newId('planGrant') }, body);
async function ofPayment({ ctx, owner }: MatrixWorld): Promise<MatrixRequest> {
  const id = newId('payment');
  await ctx.db('payments').insert({
    ...{ id, tenant_id: owner.tenantId, invoice_id: newId('invoice'), attempt_id: newId('paymentAttempt') },
    ...{ provider: 'stripe', provider_payment_id: id, amount_minor: 2900, currency: 'EUR', state: 'refund_due' },
  });
  return { params: { paymentId: id } };
}
const noPayment = (body?: object) => missing({ paymentId: newId('payment') }, body);
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
  {
    route: 'post /v1/admin/tenants/:tenantId/grants',
    happy: freeOfGrants,
    badInput: {
      path: 'body.planKey',
      change: (happy) => ({ ...happy, body: { ...(happy.body as object), planKey: 'x' } }),
    },
    extra: [
      {
        name: 'a tenant that is not there',
        status: 404,
        code: 'tenant.not_found',
        request: async (world) => ({
          caller: world.admin,
          request: { ...(await freeOfGrants(world)), params: { tenantId: newId('tenant') } },
        }),
      },
      {
        name: 'the same again',
        status: 409,
        code: 'plan_grant.exists',
        request: async (world) => {
          const request = await freeOfGrants(world);
          await world.request('post', '/v1/admin/tenants/:tenantId/grants', world.admin, request);
          return { caller: world.admin, request };
        },
      },
    ],
  },
  {
    route: 'get /v1/admin/grants',
    happy: ({ owner }) => ({ query: { tenantId: owner.tenantId, state: 'open' } }),
    badInput: { path: 'query.state', change: () => ({ query: { state: 'lost' } }) },
  },
  { route: 'get /v1/admin/grants/:grantId', happy: ofGrant, badInput: badGrantId, extra: noGrant() },
  {
    route: 'post /v1/admin/grants/:grantId/revoke',
    happy: async (world) => ({ ...(await ofGrant(world)), body: { reason: 'over' } }),
    badInput: { path: 'body.reason', change: (happy) => ({ ...happy, body: { reason: ' ' } }) },
    extra: noGrant({ reason: 'over' }),
  },
  { route: 'get /v1/admin/tenants/:tenantId/payments', happy: ofTenant, badInput: badPage, extra: noTenant },
  {
    route: 'get /v1/admin/refunds',
    happy: () => ({ query: { state: 'pending' } }),
    badInput: { path: 'query.state', change: () => ({ query: { state: 'lost' } }) },
  },
  {
    route: 'post /v1/admin/refunds/:paymentId/refund',
    happy: ofPayment,
    badInput: { path: 'params.paymentId', change: () => ({ params: { paymentId: 'pay_1' } }) },
    extra: noPayment(),
  },
  {
    route: 'post /v1/admin/refunds/:paymentId/by-hand',
    happy: async (world) => ({ ...(await ofPayment(world)), body: { reference: 'Transfer 7' } }),
    badInput: { path: 'body.reference', change: (happy) => ({ ...happy, body: { reference: '' } }) },
    extra: noPayment({ reference: 'Transfer 7' }),
  },
];
