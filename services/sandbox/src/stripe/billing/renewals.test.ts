import anyTest, { type TestFn } from 'ava';
import type Stripe from 'stripe';
import { advanceTo, at, eventTypes, ofEvent, shop, startStripe, type StripeUnderTest } from '../../../test/stripe.ts';

const test = anyTest as TestFn<StripeUnderTest>;

test.beforeEach(async (t) => {
  t.context = await startStripe('2026-11-03T10:00:00Z');
});
test.afterEach.always((t) => t.context.stop());

async function subscribed(context: StripeUnderTest, more: Partial<Stripe.SubscriptionCreateParams> = {}) {
  const made = await shop(context);
  const { id } = await context.stripe.subscriptions.create({
    customer: made.customer.id,
    items: [{ price: made.starter.id }],
    ...more,
  });
  return { ...made, id };
}

const latest = async ({ stripe }: StripeUnderTest, id: string): Promise<Stripe.Invoice> =>
  (await stripe.subscriptions.retrieve(id, { expand: ['latest_invoice'] })).latest_invoice as Stripe.Invoice;

test('a renewal is a draft for an hour, then the kept card is charged', async (t) => {
  const { stripe } = t.context;
  const { id } = await subscribed(t.context);
  await advanceTo(t.context, '2026-12-03T10:30:00Z');
  const draft = await latest(t.context, id);
  t.like(draft, { status: 'draft', billing_reason: 'subscription_cycle', number: null, hosted_invoice_url: null });
  t.is(at(draft.created), '2026-12-03T10:00:00Z');
  t.is(at(draft.automatically_finalizes_at), '2026-12-03T11:00:00Z');
  t.is(at(draft.period_start), '2026-11-03T10:00:00Z', 'an invoice names the past period, its lines the new one');
  t.is(at(draft.lines.data[0]?.period.end), '2027-01-03T10:00:00Z');
  const running = await stripe.subscriptions.retrieve(id);
  t.is(running.status, 'active');
  t.is(at(running.items.data[0]?.current_period_start), '2026-12-03T10:00:00Z');
  await advanceTo(t.context, '2026-12-03T11:00:00Z');
  t.like(await latest(t.context, id), { status: 'paid', amount_paid: 2900 });
});

test('several periods pass in one leap, each dated as it was due', async (t) => {
  const { stripe } = t.context;
  const { id } = await subscribed(t.context);
  await advanceTo(t.context, '2027-03-10T00:00:00Z');
  const invoices = await stripe.invoices.list({ subscription: id });
  t.deepEqual(
    invoices.data.map((invoice) => [at(invoice.created), invoice.status, invoice.number?.slice(-4)]),
    [
      ['2027-03-03T10:00:00Z', 'paid', '0005'],
      ['2027-02-03T10:00:00Z', 'paid', '0004'],
      ['2027-01-03T10:00:00Z', 'paid', '0003'],
      ['2026-12-03T10:00:00Z', 'paid', '0002'],
      ['2026-11-03T10:00:00Z', 'paid', '0001'],
    ],
  );
  const types = await eventTypes(t.context);
  t.is(types.filter((type) => type === 'invoice.upcoming').length, 4);
});

test('the 31st comes back after a short month', async (t) => {
  const { stripe } = t.context;
  await advanceTo(t.context, '2027-01-31T08:00:00Z');
  const { id } = await subscribed(t.context);
  const ends = [];
  for (const month of ['2027-01-31', '2027-03-01', '2027-04-01', '2027-05-01']) {
    await advanceTo(t.context, `${month}T12:00:00Z`);
    ends.push(at((await stripe.subscriptions.retrieve(id)).items.data[0]?.current_period_end)?.slice(0, 10));
  }
  t.deepEqual(ends, ['2027-02-28', '2027-03-31', '2027-04-30', '2027-05-31']);
});

test('a refused renewal is tried four times in two weeks, then the subscription ends', async (t) => {
  const { stripe, standIn, hooks, verify } = t.context;
  const { id, methodId } = await subscribed(t.context);
  standIn.actions?.['turn_card']?.({ paymentMethodId: methodId, card: 'pm_card_chargeDeclined' });
  await advanceTo(t.context, '2026-12-03T12:00:00Z');
  const failed = await latest(t.context, id);
  t.like(failed, { status: 'open', attempt_count: 1, attempted: true });
  t.is(at(failed.next_payment_attempt), '2026-12-06T11:00:00Z');
  t.is((await stripe.subscriptions.retrieve(id)).status, 'past_due');
  const [event] = await hooks.wait(1, ofEvent('invoice.payment_failed'));
  t.like(verify(event).data.object, { id: failed.id, attempt_count: 1 });
  await advanceTo(t.context, '2026-12-12T00:00:00Z');
  t.is((await latest(t.context, id)).attempt_count, 3);
  await advanceTo(t.context, '2026-12-19T00:00:00Z');
  const over = await stripe.subscriptions.retrieve(id);
  t.like(over, { status: 'canceled', cancellation_details: { reason: 'payment_failed' } });
  t.like(await stripe.invoices.retrieve(failed.id ?? ''), {
    status: 'open',
    attempt_count: 4,
    next_payment_attempt: null,
    auto_advance: false,
  });
});

test('paying an overdue renewal brings the subscription back', async (t) => {
  const { stripe, standIn, submit } = t.context;
  const { id, methodId } = await subscribed(t.context);
  standIn.actions?.['turn_card']?.({ paymentMethodId: methodId, card: 'pm_card_chargeDeclinedInsufficientFunds' });
  await advanceTo(t.context, '2026-12-04T00:00:00Z');
  const open = await latest(t.context, id);
  await t.throwsAsync(stripe.invoices.pay(open.id ?? ''), {
    code: 'card_declined',
    message: /insufficient funds/,
  });
  await submit(open.hosted_invoice_url ?? null, { outcome: 'paid' });
  t.is((await stripe.subscriptions.retrieve(id)).status, 'active');
  await t.throwsAsync(stripe.invoices.pay(open.id ?? ''), { message: /already paid/ });
});

test('a renewal that needs 3-D Secure says so and is answered on the hosted page', async (t) => {
  const { stripe, standIn, hooks } = t.context;
  const { id, methodId } = await subscribed(t.context);
  standIn.actions?.['turn_card']?.({ paymentMethodId: methodId, card: 'pm_card_authenticationRequired' });
  await advanceTo(t.context, '2026-12-04T00:00:00Z');
  await hooks.wait(1, ofEvent('invoice.payment_action_required'));
  const open = await latest(t.context, id);
  const { data } = await stripe.invoicePayments.list({ invoice: open.id ?? '' });
  const paymentIntent = data[0]?.payment.payment_intent as string;
  t.is((await stripe.paymentIntents.retrieve(paymentIntent)).status, 'requires_action');
  await t.throwsAsync(stripe.invoices.pay(open.id ?? ''), { code: 'invoice_payment_intent_requires_action' });
  standIn.actions?.['authenticate']?.({ paymentIntent, outcome: 'paid' });
  t.is((await stripe.subscriptions.retrieve(id)).status, 'active');
});

test('what happens after the last try is the account’s setting', async (t) => {
  const { stripe, standIn } = t.context;
  const { id, methodId } = await subscribed(t.context);
  standIn.actions?.['turn_card']?.({ paymentMethodId: methodId, card: 'pm_card_chargeDeclined' });
  standIn.actions?.['set_dunning']?.({ retryDays: [1], subscription: 'unpaid', invoice: 'uncollectible' });
  await advanceTo(t.context, '2026-12-10T00:00:00Z');
  t.is((await stripe.subscriptions.retrieve(id)).status, 'unpaid');
  const given = await latest(t.context, id);
  t.like(given, { status: 'uncollectible', status_details: { uncollectible: { reason: 'max_payment_attempts' } } });
  await advanceTo(t.context, '2027-01-10T00:00:00Z');
  const draft = await latest(t.context, id);
  t.like(draft, { status: 'draft', auto_advance: false });
  await stripe.invoices.pay(draft.id ?? '', { payment_method: 'pm_card_visa' });
  t.is((await stripe.subscriptions.retrieve(id)).status, 'active');
});

test('an invoice that is sent is due on its day, then overdue, and may be paid elsewhere', async (t) => {
  const { stripe, hooks } = t.context;
  const { id } = await subscribed(t.context, { collection_method: 'send_invoice', days_until_due: 7 });
  t.is((await stripe.subscriptions.retrieve(id)).status, 'active');
  t.is((await latest(t.context, id)).status, 'draft');
  await advanceTo(t.context, '2026-11-03T11:00:00Z');
  const open = await latest(t.context, id);
  t.like(open, { status: 'open', attempted: false });
  t.is(at(open.due_date), '2026-11-10T10:00:00Z');
  await advanceTo(t.context, '2026-11-11T00:00:00Z');
  await hooks.wait(1, ofEvent('invoice.overdue'));
  t.is((await stripe.subscriptions.retrieve(id)).status, 'past_due');
  const paid = await stripe.invoices.pay(open.id ?? '', { paid_out_of_band: true });
  t.like(paid, { status: 'paid', amount_paid: 2900 });
  t.is((await stripe.subscriptions.retrieve(id)).status, 'active');
  const { data } = await stripe.invoicePayments.list({ invoice: open.id ?? '' });
  t.is(data[0]?.status, 'canceled');
});

test('a void or written-off renewal is owed no more', async (t) => {
  const { stripe, standIn, hooks } = t.context;
  const { id, methodId } = await subscribed(t.context);
  standIn.actions?.['turn_card']?.({ paymentMethodId: methodId, card: 'pm_card_chargeDeclined' });
  await advanceTo(t.context, '2026-12-04T00:00:00Z');
  const open = await latest(t.context, id);
  await stripe.invoices.markUncollectible(open.id ?? '');
  t.is((await stripe.subscriptions.retrieve(id)).status, 'active');
  const gone = await stripe.invoices.voidInvoice(open.id ?? '');
  t.is(gone.status, 'void');
  await hooks.wait(1, ofEvent('invoice.voided'));
  await t.throwsAsync(stripe.invoices.pay(open.id ?? ''), { message: /void/ });
  await t.throwsAsync(stripe.invoices.voidInvoice(open.id ?? ''), { code: 'invoice_not_editable' });
});
