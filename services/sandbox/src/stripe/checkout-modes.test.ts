import anyTest, { type TestFn } from 'ava';
import type Stripe from 'stripe';
import { advanceTo, at, ofEvent, shop, startStripe, type StripeUnderTest } from '../../test/stripe.ts';

const test = anyTest as TestFn<StripeUnderTest>;

test.beforeEach(async (t) => {
  t.context = await startStripe('2026-11-03T10:00:00Z');
});
test.afterEach.always((t) => t.context.stop());

const page = (mode: 'subscription' | 'setup', more: Partial<Stripe.Checkout.SessionCreateParams> = {}) => ({
  mode,
  success_url: 'https://app.test/billing/return?session={CHECKOUT_SESSION_ID}',
  ...more,
});

test('subscription mode: a paid page leaves an active subscription with the card as its own', async (t) => {
  const { stripe, submit, hooks, verify } = t.context;
  const { starter } = await shop(t.context);
  const session = await stripe.checkout.sessions.create(
    page('subscription', {
      line_items: [{ price: starter.id, quantity: 1 }],
      customer_email: 'new@acme.dz',
      client_reference_id: 'ord_1',
      metadata: { order_id: 'ord_1' },
      subscription_data: { metadata: { order_id: 'ord_1' }, description: 'Starter' },
    }),
  );
  t.like(session, {
    mode: 'subscription',
    amount_total: 2900,
    currency: 'eur',
    payment_status: 'unpaid',
    subscription: null,
    payment_method_collection: 'always',
  });
  await submit(session.url, { outcome: 'paid', card: 'pm_card_authenticationRequiredOnSetup' });
  const [completed] = await hooks.wait(1, ofEvent('checkout.session.completed'));
  t.like(verify(completed).data.object, { id: session.id, payment_status: 'paid', client_reference_id: 'ord_1' });
  const done = await stripe.checkout.sessions.retrieve(session.id, {
    expand: ['subscription.default_payment_method', 'invoice', 'customer'],
  });
  t.is(done.payment_intent, null);
  t.like(done.subscription, { status: 'active', metadata: { order_id: 'ord_1' }, description: 'Starter' });
  t.like((done.subscription as Stripe.Subscription).default_payment_method, { object: 'payment_method' });
  t.like(done.invoice, { status: 'paid', billing_reason: 'subscription_create' });
  t.like(done.customer, { email: 'new@acme.dz' });
  await advanceTo(t.context, '2026-12-03T12:00:00Z');
  const { data } = await stripe.invoices.list({ subscription: (done.subscription as Stripe.Subscription).id });
  t.deepEqual(
    data.map(({ status }) => status),
    ['paid', 'paid'],
  );
});

test('subscription mode: a refused card leaves the page open and no subscription', async (t) => {
  const { stripe, submit } = t.context;
  const { starter, customer } = await shop(t.context);
  const session = await stripe.checkout.sessions.create(
    page('subscription', { line_items: [{ price: starter.id, quantity: 1 }], customer: customer.id }),
  );
  t.regex((await submit(session.url, { outcome: 'declined' })).location ?? '', /declined/);
  t.is((await stripe.checkout.sessions.retrieve(session.id)).status, 'open');
  t.is((await stripe.subscriptions.list({ customer: customer.id, status: 'all' })).data.length, 0);
  await submit(session.url, { outcome: 'paid' });
  t.is((await stripe.subscriptions.list({ customer: customer.id })).data.length, 1);
});

test('subscription mode: a trial is paid later', async (t) => {
  const { stripe, submit } = t.context;
  const { starter, customer } = await shop(t.context);
  const session = await stripe.checkout.sessions.create(
    page('subscription', {
      line_items: [{ price: starter.id, quantity: 1 }],
      customer: customer.id,
      subscription_data: { trial_period_days: 14 },
    }),
  );
  t.is(session.amount_total, 0);
  await submit(session.url, { outcome: 'paid' });
  const done = await stripe.checkout.sessions.retrieve(session.id, { expand: ['subscription'] });
  t.is(done.payment_status, 'no_payment_required');
  const trial = done.subscription as Stripe.Subscription;
  t.is(trial.status, 'trialing');
  t.is(at(trial.trial_end), '2026-11-17T10:00:00Z');
});

test('setup mode keeps a card and charges nothing', async (t) => {
  const { stripe, submit, hooks } = t.context;
  const customer = await stripe.customers.create({ email: 'a@acme.dz' });
  const session = await stripe.checkout.sessions.create(
    page('setup', { currency: 'eur', customer: customer.id, setup_intent_data: { metadata: { tenant: 'ten_1' } } }),
  );
  t.like(session, { amount_total: null, payment_status: 'no_payment_required', total_details: null });
  await submit(session.url, { outcome: 'declined' });
  await hooks.wait(1, ofEvent('setup_intent.setup_failed'));
  await submit(session.url, { outcome: 'paid' });
  const done = await stripe.checkout.sessions.retrieve(session.id, { expand: ['setup_intent.payment_method'] });
  const setup = done.setup_intent as Stripe.SetupIntent;
  t.like(setup, { status: 'succeeded', usage: 'off_session', metadata: { tenant: 'ten_1' } });
  t.like(setup.payment_method, { customer: customer.id, card: { last4: '4242' } });
  t.is((await stripe.setupIntents.retrieve(setup.id)).id, setup.id);
  t.is((await stripe.charges.list({ customer: customer.id })).data.length, 0);
});

test('a debit that takes days is told twice', async (t) => {
  const { stripe, standIn, hooks } = t.context;
  const item = { price_data: { currency: 'eur', unit_amount: 2500, product_data: { name: 'x' } }, quantity: 1 };
  const create = () =>
    stripe.checkout.sessions.create({ mode: 'payment', line_items: [item], success_url: 'https://app.test' });
  const [good, bad] = [await create(), await create()];
  for (const { id } of [good, bad]) standIn.actions?.['pay_slowly']?.({ sessionId: id });
  t.like(await stripe.checkout.sessions.retrieve(good.id), { status: 'complete', payment_status: 'unpaid' });
  standIn.actions?.['settle_slowly']?.({ sessionId: good.id, outcome: 'paid' });
  standIn.actions?.['settle_slowly']?.({ sessionId: bad.id, outcome: 'failed' });
  await hooks.wait(1, ofEvent('checkout.session.async_payment_succeeded'));
  await hooks.wait(1, ofEvent('checkout.session.async_payment_failed'));
  t.is((await stripe.checkout.sessions.retrieve(good.id)).payment_status, 'paid');
  t.is((await stripe.checkout.sessions.retrieve(bad.id)).payment_status, 'unpaid');
});

test('every mode refuses the parameters of the others', async (t) => {
  const { stripe } = t.context;
  const { starter, product } = await shop(t.context);
  const once = await stripe.prices.create({ product: product.id, currency: 'eur', unit_amount: 100 });
  const create = (params: Stripe.Checkout.SessionCreateParams) => stripe.checkout.sessions.create(params);
  const lines = [{ price: starter.id, quantity: 1 }];
  await t.throwsAsync(create(page('subscription', { line_items: lines, payment_intent_data: { description: 'x' } })), {
    message: /can not pass `payment_intent_data` in `subscription` mode/,
  });
  await t.throwsAsync(create({ ...page('setup'), mode: 'payment', line_items: lines }), { message: /recurring price/ });
  await t.throwsAsync(create(page('subscription', { line_items: [{ price: once.id, quantity: 1 }] })), {
    message: /at least one recurring price/,
  });
  await t.throwsAsync(create(page('setup', { line_items: lines })), { message: /line_items/ });
});
