import anyTest, { type TestFn } from 'ava';
import Stripe from 'stripe';
import {
  advanceTo,
  at,
  DAY_MS,
  eventTypes,
  ofEvent,
  shop,
  startStripe,
  type StripeUnderTest,
} from '../../../test/stripe.ts';

const test = anyTest as TestFn<StripeUnderTest>;

test.beforeEach(async (t) => {
  t.context = await startStripe('2026-11-03T10:00:00Z');
});
test.afterEach.always((t) => t.context.stop());

test('the kept card pays the first invoice, and every field is where 2025-03-31.basil put it', async (t) => {
  const { stripe, hooks, verify } = t.context;
  const { starter, customer } = await shop(t.context);
  const created = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: starter.id }],
    metadata: { order_id: 'ord_1' },
    expand: ['latest_invoice'],
  });
  t.like(created, {
    object: 'subscription',
    status: 'active',
    currency: 'eur',
    collection_method: 'charge_automatically',
    cancel_at_period_end: false,
    billing_mode: { type: 'flexible' },
    metadata: { order_id: 'ord_1' },
  });
  t.false('current_period_end' in created);
  const item = created.items.data[0];
  t.is(at(item?.current_period_start), '2026-11-03T10:00:00Z');
  t.is(at(item?.current_period_end), '2026-12-03T10:00:00Z');
  const invoice = created.latest_invoice as Stripe.Invoice;
  t.like(invoice, { status: 'paid', billing_reason: 'subscription_create', amount_paid: 2900, amount_remaining: 0 });
  t.false('subscription' in invoice);
  t.false('payment_intent' in invoice);
  t.like(invoice.parent, {
    type: 'subscription_details',
    subscription_details: { subscription: created.id, metadata: { order_id: 'ord_1' } },
  });
  const line = invoice.lines.data[0];
  t.like(line?.pricing, { price_details: { price: starter.id, product: starter.product } });
  t.like(line?.parent, {
    type: 'subscription_item_details',
    subscription_item_details: { subscription: created.id, subscription_item: item?.id, proration: false },
  });
  const payments = await stripe.invoicePayments.list({
    invoice: invoice.id ?? '',
    expand: ['data.payment.payment_intent'],
  });
  const intent = payments.data[0]?.payment.payment_intent as Stripe.PaymentIntent;
  t.like(payments.data[0], { object: 'invoice_payment', status: 'paid', amount_paid: 2900, is_default: true });
  t.like(intent, { status: 'succeeded', amount: 2900, customer: customer.id });
  const reverse = await stripe.invoicePayments.list({ payment: { type: 'payment_intent', payment_intent: intent.id } });
  t.is(reverse.data[0]?.invoice, invoice.id ?? null);
  const [paid] = await hooks.wait(1, ofEvent('invoice.paid'));
  t.like(verify(paid).data.object, { id: invoice.id, status: 'paid' });
  const [updated] = await hooks.wait(1, ofEvent('customer.subscription.updated'));
  t.like(verify(updated).data, { object: { status: 'active' }, previous_attributes: { status: 'incomplete' } });
});

test('tells the story of a subscription by the right events', async (t) => {
  const { stripe } = t.context;
  const { starter, customer } = await shop(t.context);
  const before = (await eventTypes(t.context)).length;
  await stripe.subscriptions.create({ customer: customer.id, items: [{ price: starter.id }] });
  t.deepEqual((await eventTypes(t.context)).slice(before), [
    'invoice.created',
    'customer.subscription.created',
    'payment_intent.created',
    'invoice.finalized',
    'invoice.updated',
    'charge.succeeded',
    'payment_intent.succeeded',
    'invoice_payment.paid',
    'invoice.updated',
    'invoice.paid',
    'invoice.payment_succeeded',
    'customer.subscription.updated',
  ]);
});

test('a refused card leaves it incomplete, and within 23 hours the customer may still pay', async (t) => {
  const { stripe, submit } = t.context;
  const { starter, customer } = await shop(t.context, 'pm_card_chargeDeclined');
  const created = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: starter.id }] });
  t.is(created.status, 'incomplete');
  const open = await stripe.invoices.retrieve(created.latest_invoice as string);
  t.like(open, { status: 'open', attempted: true, attempt_count: 1 });
  t.true((await eventTypes(t.context)).includes('invoice.payment_failed'));
  const declined = await submit(open.hosted_invoice_url ?? null, { outcome: 'declined' });
  t.regex(declined.location ?? '', /declined/);
  await submit(open.hosted_invoice_url ?? null, { outcome: 'paid', card: 'pm_card_authenticationRequired' });
  t.is((await stripe.subscriptions.retrieve(created.id)).status, 'active');
  t.is((await stripe.invoices.retrieve(open.id ?? '')).status, 'paid');
});

test('after 23 hours it expires and its invoice is void', async (t) => {
  const { stripe, world } = t.context;
  const { starter, customer } = await shop(t.context, 'pm_card_chargeDeclined');
  const created = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: starter.id }] });
  await world.clock.advance(22 * 3_600_000);
  t.is((await stripe.subscriptions.retrieve(created.id)).status, 'incomplete');
  await world.clock.advance(2 * 3_600_000);
  t.is((await stripe.subscriptions.retrieve(created.id)).status, 'incomplete_expired');
  const invoice = await stripe.invoices.retrieve(created.latest_invoice as string);
  t.is(invoice.status, 'void');
  t.is(at(invoice.status_transitions.voided_at), '2026-11-04T09:00:00Z');
  await t.throwsAsync(stripe.subscriptions.cancel(created.id), { code: 'resource_missing' });
});

test('voiding the first invoice ends a subscription that never began', async (t) => {
  const { stripe } = t.context;
  const { starter, customer } = await shop(t.context, 'pm_card_chargeDeclined');
  const created = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: starter.id }] });
  await stripe.invoices.voidInvoice(created.latest_invoice as string);
  t.is((await stripe.subscriptions.retrieve(created.id)).status, 'incomplete_expired');
});

test('default_incomplete leaves the payment to the customer’s browser', async (t) => {
  const { stripe } = t.context;
  const { starter, customer } = await shop(t.context);
  const created = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: starter.id }],
    payment_behavior: 'default_incomplete',
    payment_settings: { save_default_payment_method: 'on_subscription' },
    expand: ['latest_invoice.confirmation_secret', 'latest_invoice.payments'],
  });
  t.is(created.status, 'incomplete');
  const invoice = created.latest_invoice as Stripe.Invoice;
  t.like(invoice, { status: 'open', attempted: false, attempt_count: 0 });
  const intentId = invoice.payments?.data[0]?.payment.payment_intent as string;
  t.true(invoice.confirmation_secret?.client_secret.startsWith(intentId));
  await stripe.paymentIntents.confirm(intentId, { payment_method: 'pm_card_mastercard' });
  const active = await stripe.subscriptions.retrieve(created.id, { expand: ['default_payment_method'] });
  t.is(active.status, 'active');
  t.like(active.default_payment_method, { object: 'payment_method', customer: customer.id });
});

test('error_if_incomplete makes nothing when the card is refused', async (t) => {
  const { stripe } = t.context;
  const { starter, customer } = await shop(t.context, 'pm_card_authenticationRequired');
  const input = {
    customer: customer.id,
    items: [{ price: starter.id }],
    payment_behavior: 'error_if_incomplete' as const,
  };
  const error = await t.throwsAsync(stripe.subscriptions.create(input), {
    instanceOf: Stripe.errors.StripeCardError,
  });
  t.like(error, { statusCode: 402, code: 'subscription_payment_intent_requires_action' });
  t.is((await stripe.subscriptions.list({ customer: customer.id, status: 'all' })).data.length, 0);
});

test('3-D Secure at the first payment: incomplete until the owner answers', async (t) => {
  const { stripe, standIn, hooks } = t.context;
  const { starter, customer } = await shop(t.context, 'pm_card_authenticationRequired');
  const created = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: starter.id }],
    expand: ['latest_invoice.payments'],
  });
  t.is(created.status, 'incomplete');
  await hooks.wait(1, ofEvent('invoice.payment_action_required'));
  const paymentIntent = (created.latest_invoice as Stripe.Invoice).payments?.data[0]?.payment.payment_intent as string;
  t.is((await stripe.paymentIntents.retrieve(paymentIntent)).status, 'requires_action');
  standIn.actions?.['authenticate']?.({ paymentIntent, outcome: 'paid' });
  t.is((await stripe.subscriptions.retrieve(created.id)).status, 'active');
});

test('cancels at the end of the period, takes it back, and ends when it is time', async (t) => {
  const { stripe, hooks, verify } = t.context;
  const { starter, customer } = await shop(t.context);
  const { id } = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: starter.id }] });
  const ending = await stripe.subscriptions.update(id, { cancel_at_period_end: true });
  t.like(ending, { status: 'active', cancel_at_period_end: true });
  t.is(at(ending.cancel_at), '2026-12-03T10:00:00Z');
  t.is(ending.cancellation_details?.reason, 'cancellation_requested');
  const back = await stripe.subscriptions.update(id, { cancel_at_period_end: false });
  t.like(back, { cancel_at: null, canceled_at: null, cancel_at_period_end: false });
  await stripe.subscriptions.update(id, {
    cancel_at_period_end: true,
    cancellation_details: { feedback: 'too_expensive', comment: 'x' },
  });
  await advanceTo(t.context, '2026-12-20T00:00:00Z');
  const over = await stripe.subscriptions.retrieve(id);
  t.like(over, { status: 'canceled', cancellation_details: { feedback: 'too_expensive' } });
  t.is(at(over.ended_at), '2026-12-03T10:00:00Z');
  t.is((await stripe.invoices.list({ subscription: id })).data.length, 1);
  const [deleted] = await hooks.wait(1, ofEvent('customer.subscription.deleted'));
  t.is(at(verify(deleted).created), '2026-12-03T10:00:00Z');
  await t.throwsAsync(stripe.subscriptions.update(id, { cancel_at_period_end: false }), {
    code: 'invalid_canceled_subscription_fields',
  });
  t.is((await stripe.subscriptions.update(id, { metadata: { a: 'b' } })).metadata['a'], 'b');
});

test('cancels at once, and gives the unused time back when asked to', async (t) => {
  const { stripe, world } = t.context;
  const { starter, customer } = await shop(t.context);
  const { id } = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: starter.id }] });
  await world.clock.advance(15 * DAY_MS);
  const over = await stripe.subscriptions.cancel(id, { prorate: true, invoice_now: true });
  t.is(over.status, 'canceled');
  const credit = await stripe.invoices.retrieve(over.latest_invoice as string);
  t.is(credit.status, 'paid');
  t.true(Math.abs(credit.total + 1450) <= 1, `${credit.total}`);
  const { balance } = (await stripe.customers.retrieve(customer.id)) as Stripe.Customer;
  t.is(balance, credit.total);
  t.deepEqual((await stripe.subscriptions.list({ customer: customer.id })).data, []);
  t.is((await stripe.subscriptions.list({ customer: customer.id, status: 'canceled' })).data[0]?.id, id);
  t.is((await stripe.subscriptions.list({ status: 'ended' })).data[0]?.id, id);
});

test('a trial costs nothing until it is over', async (t) => {
  const { stripe, hooks } = t.context;
  const { starter, customer } = await shop(t.context);
  const created = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: starter.id }],
    trial_period_days: 7,
    expand: ['latest_invoice'],
  });
  t.is(created.status, 'trialing');
  t.like(created.latest_invoice, { total: 0, status: 'paid' });
  await advanceTo(t.context, '2026-11-10T12:00:00Z');
  await hooks.wait(1, ofEvent('customer.subscription.trial_will_end'));
  const active = await stripe.subscriptions.retrieve(created.id, { expand: ['latest_invoice'] });
  t.is(active.status, 'active');
  t.like(active.latest_invoice, { total: 2900, status: 'paid', billing_reason: 'subscription_cycle' });
  t.is(at(active.items.data[0]?.current_period_end), '2026-12-10T10:00:00Z');
});

test('paused it is not billed; resumed it is billed anew', async (t) => {
  const { stripe, hooks } = t.context;
  const { starter, customer } = await shop(t.context);
  const { id } = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: starter.id }] });
  t.is((await stripe.subscriptions.pause(id)).status, 'paused');
  await hooks.wait(1, ofEvent('customer.subscription.paused'));
  await advanceTo(t.context, '2027-01-15T10:00:00Z');
  t.is((await stripe.invoices.list({ subscription: id })).data.length, 1);
  const back = await stripe.subscriptions.resume(id);
  t.is(back.status, 'active');
  t.is(at(back.items.data[0]?.current_period_end), '2027-02-15T10:00:00Z');
  await hooks.wait(1, ofEvent('customer.subscription.resumed'));
  await t.throwsAsync(stripe.subscriptions.resume(id), { message: /only resume subscriptions that are paused/ });
});

test('names what is wrong with a new subscription', async (t) => {
  const { stripe, raw } = t.context;
  const { starter, product, customer } = await shop(t.context);
  const once = await stripe.prices.create({ product: product.id, currency: 'eur', unit_amount: 100 });
  const usd = await stripe.prices.create({
    product: product.id,
    currency: 'usd',
    unit_amount: 100,
    recurring: { interval: 'month' },
  });
  const create = (more: object) =>
    stripe.subscriptions.create({ customer: customer.id, items: [{ price: starter.id }], ...more });
  await t.throwsAsync(create({ items: [{ price: 'price_nope' }] }), { code: 'resource_missing' });
  await t.throwsAsync(create({ items: [{ price: once.id }] }), { message: /type=one_time/ });
  await t.throwsAsync(create({ items: [{ price: starter.id }, { price: usd.id }] }), { message: /expected currency/ });
  await t.throwsAsync(create({ customer: 'cus_nope' }), { code: 'resource_missing' });
  await t.throwsAsync(create({ plan: starter.id }), { code: 'parameter_unknown' });
  await t.throwsAsync(create({ discounts: [{ coupon: 'x' }] }), { message: /does not simulate/ });
  await t.throwsAsync(create({ collection_method: 'send_invoice' }), { message: /days_until_due/ });
  await t.throwsAsync(create({ payment_behavior: 'pending_if_incomplete' }), { message: /only used with updates/ });
  const poor = await stripe.customers.create({});
  await t.throwsAsync(create({ customer: poor.id }), { message: /no attached payment source/ });
  await create({});
  await t.throwsAsync(create({ items: [{ price: usd.id }] }), { message: /cannot combine currencies/ });
  const response = await raw('POST', '/v1/subscriptions', `customer=${customer.id}`);
  t.like(await response.json(), { error: { code: 'parameter_missing', param: 'items' } });
  await stripe.prices.update(starter.id, { active: false });
  await t.throwsAsync(create({}), { message: /inactive/ });
});

test('expands four levels and no more', async (t) => {
  const { stripe } = t.context;
  const { starter, customer } = await shop(t.context);
  await stripe.subscriptions.create({ customer: customer.id, items: [{ price: starter.id }] });
  const list = await stripe.subscriptions.list({ expand: ['data.items.data.price'] });
  t.is(list.data[0]?.items.data[0]?.price.id, starter.id);
  await t.throwsAsync(stripe.subscriptions.list({ expand: ['data.items.data.price.product'] }), {
    code: 'property_expansion_max_depth',
  });
  await t.throwsAsync(stripe.subscriptions.list({ expand: ['data.nope'] }), {
    code: 'property_cannot_be_expanded',
  });
});

test('deleting a customer ends what they had', async (t) => {
  const { stripe } = t.context;
  const { starter, customer } = await shop(t.context);
  const { id } = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: starter.id }] });
  await stripe.customers.del(customer.id);
  t.is((await stripe.subscriptions.retrieve(id)).status, 'canceled');
  t.like(await stripe.customers.retrieve(customer.id), { id: customer.id, deleted: true });
});
