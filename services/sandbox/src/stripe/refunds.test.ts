import anyTest, { type TestFn } from 'ava';
import { checkout, DAY_MS, ofEvent, startStripe, type StripeUnderTest } from '../../test/stripe.ts';

const test = anyTest as TestFn<StripeUnderTest>;

test.beforeEach(async (t) => {
  t.context = await startStripe();
});
test.afterEach.always((t) => t.context.stop());

async function paidBy({ stripe, submit }: StripeUnderTest, card: string): Promise<string> {
  const session = await stripe.checkout.sessions.create(checkout());
  await submit(session.url, { outcome: 'paid', card });
  return (await stripe.checkout.sessions.retrieve(session.id)).payment_intent as string;
}

test('a refund that takes its time is pending, then succeeds', async (t) => {
  const { stripe, world, hooks, verify } = t.context;
  const intent = await paidBy(t.context, 'pm_card_pendingRefund');
  const refund = await stripe.refunds.create({ payment_intent: intent, metadata: { refund_id: 'ref_1' } });
  t.is(refund.status, 'pending');
  await world.clock.advance(2 * DAY_MS);
  t.is((await stripe.refunds.retrieve(refund.id)).status, 'succeeded');
  const [updated] = await hooks.wait(1, ofEvent('refund.updated'));
  t.like(verify(updated).data, { object: { status: 'succeeded' }, previous_attributes: { status: 'pending' } });
});

test('a refund may fail after it had succeeded, and the money is there again', async (t) => {
  const { stripe, world, hooks } = t.context;
  const intent = await paidBy(t.context, 'pm_card_refundFail');
  const refund = await stripe.refunds.create({ payment_intent: intent });
  t.is(refund.status, 'succeeded');
  await world.clock.advance(2 * DAY_MS);
  t.like(await stripe.refunds.retrieve(refund.id), { status: 'failed', failure_reason: 'expired_or_canceled_card' });
  await hooks.wait(1, ofEvent('refund.failed'));
  const { data } = await stripe.charges.list({ payment_intent: intent });
  t.like(data[0], { amount_refunded: 0, refunded: false });
});

test('a pending refund ends by hand, or is cancelled', async (t) => {
  const { stripe, standIn } = t.context;
  const intent = await paidBy(t.context, 'pm_card_visa');
  const made = standIn.actions?.['refund']?.({ paymentIntent: intent, amount: 500, isAsynchronous: true }) as {
    id: string;
  };
  standIn.actions?.['settle_refund']?.({ refundId: made.id, status: 'failed' });
  t.is((await stripe.refunds.retrieve(made.id)).status, 'failed');
  const slow = await stripe.refunds.create({ payment_intent: await paidBy(t.context, 'pm_card_pendingRefund') });
  t.is((await stripe.refunds.cancel(slow.id)).status, 'canceled');
  await t.throwsAsync(stripe.refunds.cancel(slow.id), { message: /cannot be canceled/ });
  t.is((await stripe.refunds.update(slow.id, { metadata: { a: 'b' } })).metadata?.['a'], 'b');
});

test('a disputed payment cannot be refunded, and evidence decides', async (t) => {
  const { stripe, hooks } = t.context;
  const intent = await paidBy(t.context, 'pm_card_createDispute');
  await hooks.wait(1, ofEvent('charge.dispute.created'));
  await hooks.wait(1, ofEvent('charge.dispute.funds_withdrawn'));
  const { data } = await stripe.disputes.list({ payment_intent: intent });
  t.like(data[0], { status: 'needs_response', reason: 'fraudulent', amount: 2500 });
  await t.throwsAsync(stripe.refunds.create({ payment_intent: intent }), { code: 'charge_disputed' });
  const id = data[0]?.id ?? '';
  const won = await stripe.disputes.update(id, { evidence: { uncategorized_text: 'winning_evidence' } });
  t.is(won.status, 'won');
  await hooks.wait(1, ofEvent('charge.dispute.funds_reinstated'));
  await t.throwsAsync(stripe.disputes.close(id), { message: /already closed/ });
});

test('a dispute may be given up', async (t) => {
  const { stripe } = t.context;
  const intent = await paidBy(t.context, 'pm_card_createDisputeProductNotReceived');
  const { data } = await stripe.disputes.list({ payment_intent: intent });
  t.is(data[0]?.reason, 'product_not_received');
  t.is((await stripe.disputes.close(data[0]?.id ?? '')).status, 'lost');
});

test('a card that is taken away is nobody’s default any more', async (t) => {
  const { stripe, hooks } = t.context;
  const customer = await stripe.customers.create({ payment_method: 'pm_card_visa' });
  const { data } = await stripe.customers.listPaymentMethods(customer.id);
  const id = data[0]?.id ?? '';
  await stripe.customers.update(customer.id, { invoice_settings: { default_payment_method: id } });
  t.is((await stripe.customers.retrievePaymentMethod(customer.id, id)).id, id);
  const changed = await stripe.paymentMethods.update(id, { allow_redisplay: 'always', metadata: { a: 'b' } });
  t.like(changed, { allow_redisplay: 'always', metadata: { a: 'b' } });
  await hooks.wait(1, ofEvent('payment_method.updated'));
  await stripe.paymentMethods.detach(id);
  t.like(await stripe.customers.retrieve(customer.id), { invoice_settings: { default_payment_method: null } });
  await t.throwsAsync(stripe.customers.update(customer.id, { invoice_settings: { default_payment_method: id } }), {
    code: 'resource_missing',
  });
});
