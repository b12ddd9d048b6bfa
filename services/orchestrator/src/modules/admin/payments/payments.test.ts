import test from 'ava';
import { newId } from '#core/ids.ts';
import { startTestApi } from '#test/support/api.ts';
import { createOwner, createUser } from '#test/support/people.ts';
import { type TestApp, atEnd, createTestApp } from '#test/support/stack.ts';
import type { AdminPayment, QueuedRefund } from './schemas.ts';

async function payment(app: TestApp, tenantId: string, row: object): Promise<string> {
  const id = newId('payment');
  const invoiceId = newId('invoice');
  await app.ctx.db('invoices').insert({
    ...{ id: invoiceId, lago_id: id, tenant_id: tenantId, number: 'BAS-1', status: 'finalized', total_minor: 2900 },
    ...{ payment_status: 'succeeded', currency: 'EUR', issued_at: new Date(), lago_updated_at: new Date() },
  });
  await app.ctx.db('payments').insert({
    ...{ id, tenant_id: tenantId, invoice_id: invoiceId, attempt_id: 'pat', provider: 'stripe', currency: 'EUR' },
    ...{ provider_payment_id: id, amount_minor: 2900, state: 'refund_due', reason: 'invoice_already_paid', ...row },
  });
  return id;
}

test('the queue says what is to be given back, why, and how', async (t) => {
  const app = await createTestApp(atEnd(t), { CHARGILY_SECRET_KEY: '' });
  const api = await startTestApi(app);
  const finance = await createUser(app, { roles: ['finance'] });
  const { tenantId } = await createOwner(app, { tenantName: 'Café' });
  const due = await payment(app, tenantId, {});
  const failed = await payment(app, tenantId, { state: 'refund_failed', refund_problem: 'the card is closed' });
  const byHand = await payment(app, tenantId, { provider: 'chargily', reason: 'invoice_voided' });
  const pending = await payment(app, tenantId, { state: 'refund_pending' });
  const refunded = await payment(app, tenantId, { state: 'refunded', refunded_minor: 2900, refunded_at: new Date() });
  const settled = await payment(app, tenantId, { state: 'settled', reason: null });
  const queue = async (query: Record<string, string> = {}) => {
    const { body } = await api.request('get', '/v1/admin/refunds', finance, { query });
    return (body as { items: QueuedRefund[] }).items;
  };
  t.deepEqual(
    (await queue()).map(({ id, nextStep, reason }) => [id, nextStep, reason]),
    [
      [byHand, 'by_hand', 'invoice_voided'],
      [failed, 'refund', 'invoice_already_paid'],
      [due, 'refund', 'invoice_already_paid'],
    ],
  );
  t.like((await queue())[1], { tenantName: 'Café', invoiceNumber: 'BAS-1', refundProblem: 'the card is closed' });
  t.deepEqual(
    (await queue({ state: 'pending' })).map(({ id, nextStep }) => [id, nextStep]),
    [[pending, 'wait']],
  );
  t.deepEqual(
    (await queue({ state: 'refunded' })).map(({ id, nextStep }) => [id, nextStep]),
    [[refunded, 'none']],
  );
  const all = await api.request('get', '/v1/admin/tenants/:tenantId/payments', finance, { params: { tenantId } });
  t.deepEqual(
    (all.body as { items: AdminPayment[] }).items.map(({ id }) => id),
    [settled, refunded, pending, byHand, failed, due],
  );
});

test('noted by hand it leaves the queue; a second time is refused', async (t) => {
  const app = await createTestApp(atEnd(t));
  const api = await startTestApi(app);
  const finance = await createUser(app, { roles: ['finance'] });
  const paymentId = await payment(app, (await createOwner(app)).tenantId, {});
  const note = () =>
    api.request('post', '/v1/admin/refunds/:paymentId/by-hand', finance, {
      ...{ params: { paymentId }, body: { reference: 'Transfer 7' } },
    });
  t.is((await note()).status, 200);
  t.is((await note()).status, 409);
  const { body } = await api.request('get', '/v1/admin/refunds', finance, { query: { state: 'refunded' } });
  t.like((body as { items: QueuedRefund[] }).items[0], { id: paymentId, refundReference: 'Transfer 7' });
});

test('money is finance’s: support sees and gives back none', async (t) => {
  const app = await createTestApp(atEnd(t));
  const api = await startTestApi(app);
  const { tenantId } = await createOwner(app);
  const paymentId = await payment(app, tenantId, {});
  const body = { reference: 'x' };
  for (const [role, read, write] of [
    ['support', 403, 403],
    ['finance', 200, 200],
    ['superadmin', 200, 409],
  ] as const) {
    const caller = await createUser(app, { roles: [role] });
    const status = async (method: string, path: string, request: object) =>
      (await api.request(method, path, caller, request)).status;
    t.is(await status('get', '/v1/admin/refunds', {}), read, role);
    t.is(await status('get', '/v1/admin/tenants/:tenantId/payments', { params: { tenantId } }), read, role);
    t.is(await status('post', '/v1/admin/refunds/:paymentId/by-hand', { params: { paymentId }, body }), write, role);
    t.is(
      await status('post', '/v1/admin/refunds/:paymentId/refund', { params: { paymentId } }),
      role === 'support' ? 403 : 409,
    );
  }
});
