import test, { type ExecutionContext } from 'ava';
import {
  type BillingOwner,
  type BillingWorld,
  onPaymentPage,
  quiet,
  startBillingWorld,
} from '#test/support/billing-world.ts';
import { atEndOfFile, eventually } from '#test/support/stack.ts';
import type { PaymentRow } from '../checkout/queries.ts';
import { entitlementsOf } from '#modules/catalogue/service.ts';
import { followRefund, markRefundedByHand, refundPayment } from './service.ts';

interface StripeState {
  refunds: { id: string; payment_intent: string; amount: number; status: string }[];
}

const cleanUp = atEndOfFile(test);
let world: BillingWorld;
test.before(async () => {
  world = await startBillingWorld(cleanUp, { env: { BILLING_RECONCILE_MS: '3600000' } });
});
test.afterEach.always(() => world.sandbox.world.faults.clear());

const fault = (kind: string, more: object = {}) => world.sandbox.world.faults.add({ target: 'stripe', kind, ...more });
const refundsOf = (payment: PaymentRow) =>
  (world.sandbox.standIns['stripe']?.state() as StripeState).refunds.filter(
    (refund) => refund.payment_intent === payment.provider_payment_id,
  );
const read = async (id: string): Promise<PaymentRow> => {
  const row = await world.app.ctx.db<PaymentRow>('payments').where({ id }).first();
  if (!row) throw new Error(`There is no payment ${id}`);
  return row;
};
const inState = (id: string, state: PaymentRow['state']) =>
  eventually(`${id} to be ${state}`, async () => {
    const row = await read(id);
    return row.state === state && row;
  });
const mailsTo = async (owner: BillingOwner) =>
  (await world.app.ctx.db('mails').where({ tenant_id: owner.tenantId, template: 'refund_sent' })).length;
const auditOf = async (owner: BillingOwner, action: string) => {
  const { items } = await owner.get<{ items: { action: string }[] }>('/v1/audit-log?limit=100');
  return items.filter((entry) => entry.action === action).length;
};

/** An invoice that was paid twice: the second payment is to be given back. */
async function paidTwice(provider: 'stripe' | 'chargily' = 'stripe') {
  const owner = await world.createOwner(provider === 'stripe' ? 'EUR' : 'DZD');
  const { id } = await owner.subscribe(provider === 'stripe' ? 'starter-m-eur-v1' : 'llm-student-m-dzd-v1');
  const invoice = await owner.invoiceOf(id);
  const first = await owner.checkout(invoice.id, { provider });
  await world.app.ctx
    .db('payment_attempts')
    .where({ id: first.attemptId })
    .update({ live_invoice_id: null, state: 'expired' });
  const second = await owner.checkout(invoice.id, { provider });
  await onPaymentPage(second.url, 'paid');
  await owner.paid(invoice.id);
  await onPaymentPage(first.url, 'paid');
  const rows = await eventually('both in the ledger', async () => {
    const found = await world.app.ctx.db<PaymentRow>('payments').where({ invoice_id: invoice.id });
    return found.length === 2 && found;
  });
  const [due, settled] = [
    rows.find(({ state }) => state === 'refund_due'),
    rows.find(({ state }) => state === 'settled'),
  ];
  if (!due || !settled) throw new Error(rows.map(({ state }) => state).join());
  return { owner, invoice, due, settled };
}

const refusedWith = async (t: ExecutionContext, work: Promise<unknown>, code: string) => {
  const error = await t.throwsAsync(work);
  t.is((error as { code?: string }).code, code);
};

test.serial('a payment that settles nothing goes back through Stripe, once', async (t) => {
  const { owner, due } = await paidTwice();
  t.like(await refundPayment(world.app.ctx, due.id), { state: 'refund_pending', amountMinor: 2900 });
  const done = await inState(due.id, 'refunded');
  t.like(done, { refunded_minor: 2900, refund_try: 1 });
  t.is(done.provider_refund_id, refundsOf(due)[0]?.id ?? '');
  await quiet(world);
  world.stripe('redeliver', {});
  await quiet(world);
  t.is(refundsOf(due).length, 1);
  t.is(await mailsTo(owner), 1);
  t.is(await auditOf(owner, 'payment.refund'), 1);
  t.is(await auditOf(owner, 'payment.refunded'), 1);
  await refusedWith(t, refundPayment(world.app.ctx, due.id), 'payment.not_refundable');
});

test.serial('what settles an invoice, and what is not there, is not given back', async (t) => {
  const { settled } = await paidTwice();
  await refusedWith(t, refundPayment(world.app.ctx, settled.id), 'payment.not_refundable');
  await refusedWith(t, refundPayment(world.app.ctx, 'pay_01JZZZZZZZZZZZZZZZZZZZZZZZ'), 'entity.not_found');
  await refusedWith(
    t,
    markRefundedByHand(world.app.ctx, settled.id, { reference: 'by mistake' }),
    'payment.not_refundable',
  );
});

test.serial('two admins at one moment: one refund', async (t) => {
  const { due } = await paidTwice();
  const answers = await Promise.allSettled([1, 2, 3].map(() => refundPayment(world.app.ctx, due.id)));
  t.is(answers.filter(({ status }) => status === 'fulfilled').length, 1);
  await inState(due.id, 'refunded');
  t.is(refundsOf(due).length, 1);
});

test.serial('an answer of Stripe that was lost gives nothing back twice', async (t) => {
  const { due } = await paidTwice();
  fault('drop_after', { method: 'POST', path: 'refunds$', times: 4 });
  await refundPayment(world.app.ctx, due.id);
  await inState(due.id, 'refunded');
  t.is(refundsOf(due).length, 1);
});

test.serial('given back in Stripe’s dashboard: the ledger follows, and ours is not sent as well', async (t) => {
  const { owner, due } = await paidTwice();
  world.stripe('refund', { paymentIntent: due.provider_payment_id });
  await inState(due.id, 'refunded');
  await quiet(world);
  t.is(await mailsTo(owner), 1);
  const other = await paidTwice();
  fault('webhook_lose');
  world.stripe('refund', { paymentIntent: other.due.provider_payment_id });
  await refundPayment(world.app.ctx, other.due.id);
  await inState(other.due.id, 'refunded');
  t.is(refundsOf(other.due).length, 1);
});

test.serial('a part given back in Stripe’s dashboard is noted, and the rest is still due', async (t) => {
  const { due } = await paidTwice();
  world.stripe('refund', { paymentIntent: due.provider_payment_id, amount: 1000 });
  await eventually('the part', async () => (await read(due.id)).refunded_minor === 1000);
  t.is((await read(due.id)).state, 'refund_due');
  await refundPayment(world.app.ctx, due.id);
  t.like(await inState(due.id, 'refunded'), { refunded_minor: 2900 });
});

test.serial(
  'what settled an invoice and was given back at Stripe: the ledger says so, rights are a person’s decision',
  async (t) => {
    const { owner, invoice, settled } = await paidTwice();
    world.stripe('refund', { paymentIntent: settled.provider_payment_id });
    await inState(settled.id, 'refunded');
    t.like(await owner.get(`/v1/invoices/${invoice.id}`), { paymentStatus: 'succeeded' });
    t.is((await entitlementsOf(owner.ctx)).sites, 1);
  },
);

test.serial(
  'a refund that Stripe refuses is back in the queue with the reason, and can be asked for again',
  async (t) => {
    const { owner, due } = await paidTwice();
    const refusal = fault('status', { status: 400, method: 'POST', path: 'refunds$' });
    await refundPayment(world.app.ctx, due.id);
    const failed = await inState(due.id, 'refund_failed');
    t.true((failed.refund_problem ?? '').length > 0);
    t.is(await auditOf(owner, 'payment.refund_failed'), 1);
    world.sandbox.world.faults.remove(refusal.id);
    await refundPayment(world.app.ctx, due.id);
    t.like(await inState(due.id, 'refunded'), { refund_try: 2, refund_problem: null });
    t.is(refundsOf(due).length, 1);
  },
);

for (const [status, state] of [
  ['succeeded', 'refunded'],
  ['failed', 'refund_failed'],
] as const)
  test.serial(`a refund that takes its time: pending, then ${status}`, async (t) => {
    const { owner, due } = await paidTwice();
    world.stripe('refund', { paymentIntent: due.provider_payment_id, isAsynchronous: true });
    const pending = await inState(due.id, 'refund_pending');
    t.like(pending, { refunded_minor: 0, refunded_at: null });
    await refusedWith(t, refundPayment(world.app.ctx, due.id), 'payment.not_refundable');
    world.stripe('settle_refund', { refundId: pending.provider_refund_id, status });
    const over = await inState(due.id, state);
    await quiet(world);
    t.is(over.refunded_minor, state === 'refunded' ? 2900 : 0);
    t.is(await mailsTo(owner), state === 'refunded' ? 1 : 0);
    if (state === 'refunded') return;
    await refundPayment(world.app.ctx, due.id);
    await inState(due.id, 'refunded');
  });

test.serial('a refund that the bank sends back after it had succeeded is in the queue again', async (t) => {
  const { due } = await paidTwice();
  await refundPayment(world.app.ctx, due.id);
  await inState(due.id, 'refunded');
  // News of its success that is still on its way would find the failure first.
  await quiet(world);
  const [refund] = refundsOf(due);
  Object.assign(refund ?? {}, { status: 'failed', failure_reason: 'lost_or_stolen_card' });
  t.is(await followRefund(world.app.ctx, due.provider_payment_id), 'refund noted');
  t.like(await read(due.id), { state: 'refund_failed', refund_problem: 'lost_or_stolen_card', refunded_at: null });
});

test.serial('Chargily has no refunds: it is said, done by hand, and noted with its reference', async (t) => {
  const { owner, due } = await paidTwice('chargily');
  await refusedWith(t, refundPayment(world.app.ctx, due.id), 'payment.refund_by_hand');
  t.is((await read(due.id)).state, 'refund_due');
  t.like(await markRefundedByHand(world.app.ctx, due.id, { reference: 'BADR 4711' }), {
    state: 'refunded',
    reference: 'BADR 4711',
    refundedMinor: 159000,
  });
  await refusedWith(t, markRefundedByHand(world.app.ctx, due.id, { reference: 'again' }), 'payment.not_refundable');
  await quiet(world);
  t.is(await mailsTo(owner), 1);
  t.is(await auditOf(owner, 'payment.refund_by_hand'), 1);
});

test.serial('a dispute is told once per state, and takes no rights', async (t) => {
  const { owner, settled } = await paidTwice();
  const counted = async () =>
    (await world.app.ctx.metrics.disputes.get()).values.reduce((sum, { value }) => sum + value, 0);
  const before = await counted();
  const { id } = world.stripe<{ id: string }>('dispute', { paymentIntent: settled.provider_payment_id });
  await eventually('the dispute', async () => (await read(settled.id)).dispute_status === 'needs_response');
  world.stripe('redeliver', {});
  world.stripe('close_dispute', { disputeId: id, status: 'lost' });
  await eventually('its end', async () => (await read(settled.id)).dispute_status === 'lost');
  await quiet(world);
  t.is((await read(settled.id)).dispute_id, id);
  t.is(await auditOf(owner, 'payment.dispute'), 2);
  t.is((await counted()) - before, 2);
  t.is((await entitlementsOf(owner.ctx)).sites, 1);
});

test.serial('news about money that is not ours changes nothing', async (t) => {
  const stranger = await fetch(`${world.sandbox.urls.stripe}/v1/payment_intents`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${world.app.config.STRIPE_SECRET_KEY ?? ''}`,
      'stripe-version': '2026-10-28.endive',
    },
    body: new URLSearchParams({ amount: '500', currency: 'eur', confirm: 'true', payment_method: 'pm_card_visa' }),
  });
  const { id } = (await stranger.json()) as { id: string };
  world.stripe('refund', { paymentIntent: id });
  const rows = await eventually('the webhooks to be handled', async () => {
    const found = await world.app.ctx
      .db('inbox')
      .where('body', 'like', `%${id}%`)
      .whereIn('event_type', ['charge.refunded', 'refund.created'])
      .select<{ outcome: string | null }[]>('outcome');
    return found.length === 2 && found.every(({ outcome }) => outcome !== null) && found;
  });
  t.true(rows.every(({ outcome }) => outcome?.startsWith('ignored') === true));
});
