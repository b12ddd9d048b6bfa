import anyTest, { type TestFn } from 'ava';
import Stripe from 'stripe';
import { checkout, ofEvent, startStripe, type StripeUnderTest } from '../../test/stripe.ts';

const test = anyTest as TestFn<StripeUnderTest>;

test.beforeEach(async (t) => {
  t.context = await startStripe();
});
test.afterEach.always((t) => t.context.stop());

/** A customer who once paid on the hosted page with the card, which was kept. */
async function customerWith({ stripe, submit }: StripeUnderTest, card: string) {
  const customer = await stripe.customers.create({ email: 'a@acme.dz' });
  const session = await stripe.checkout.sessions.create(
    checkout({ customer: customer.id, payment_intent_data: { setup_future_usage: 'off_session' } }),
  );
  await submit(session.url, { outcome: 'paid', card });
  const { data } = await stripe.customers.listPaymentMethods(customer.id);
  return { customer: customer.id, payment_method: data[0]?.id ?? '' };
}

const renewal = { amount: 2500, currency: 'eur', off_session: true, confirm: true, metadata: { invoice: 'inv_2' } };

test('charges a kept card while nobody is there', async (t) => {
  const { stripe, hooks, verify } = t.context;
  const kept = await customerWith(t.context, 'pm_card_visa');
  const intent = await stripe.paymentIntents.create({ ...renewal, ...kept });
  t.like(intent, { status: 'succeeded', amount_received: 2500, metadata: { invoice: 'inv_2' } });
  const events = await hooks.wait(2, ofEvent('payment_intent.succeeded'));
  t.true(events.some((delivery) => (verify(delivery).data.object as Stripe.PaymentIntent).id === intent.id));
});

test('answers 402 when the kept card is declined, and keeps the failed intent', async (t) => {
  const { stripe, hooks } = t.context;
  const kept = await customerWith(t.context, 'pm_card_chargeCustomerFail');
  const error = await t.throwsAsync(stripe.paymentIntents.create({ ...renewal, ...kept }), {
    instanceOf: Stripe.errors.StripeCardError,
  });
  t.like(error, { statusCode: 402, code: 'card_declined', decline_code: 'generic_decline' });
  const intent = await stripe.paymentIntents.retrieve(error?.payment_intent?.id ?? '');
  t.like(intent, { status: 'requires_payment_method', last_payment_error: { code: 'card_declined' } });
  await hooks.wait(1, ofEvent('payment_intent.payment_failed'));
});

test('answers 402 authentication_required off session, and asks for 3-D Secure on session', async (t) => {
  const { stripe, submit, hooks } = t.context;
  const kept = await customerWith(t.context, 'pm_card_authenticationRequired');
  const error = await t.throwsAsync(stripe.paymentIntents.create({ ...renewal, ...kept }), {
    instanceOf: Stripe.errors.StripeCardError,
  });
  t.is(error?.code, 'authentication_required');
  const intent = await stripe.paymentIntents.create({
    amount: 2500,
    currency: 'eur',
    confirm: true,
    return_url: 'https://app.test/back',
    ...kept,
  });
  t.is(intent.status, 'requires_action');
  await hooks.wait(1, ofEvent('payment_intent.requires_action'));
  const page = intent.next_action?.redirect_to_url?.url ?? null;
  t.is((await fetch(page ?? '')).status, 200);
  const { location } = await submit(page, { outcome: 'paid' });
  t.is(location, `https://app.test/back?payment_intent=${intent.id}&redirect_status=succeeded`);
  t.is((await stripe.paymentIntents.retrieve(intent.id)).status, 'succeeded');
});

test('a failed 3-D Secure check leaves the intent in want of another card', async (t) => {
  const { stripe, submit } = t.context;
  const intent = await stripe.paymentIntents.create({
    amount: 2500,
    currency: 'eur',
    confirm: true,
    payment_method: 'pm_card_authenticationRequired',
    return_url: 'https://app.test/back',
  });
  await submit(intent.next_action?.redirect_to_url?.url ?? null, { outcome: 'declined' });
  const failed = await stripe.paymentIntents.retrieve(intent.id);
  t.like(failed, {
    status: 'requires_payment_method',
    last_payment_error: { code: 'payment_intent_authentication_failure' },
  });
  const retried = await stripe.paymentIntents.confirm(intent.id, { payment_method: 'pm_card_visa' });
  t.is(retried.status, 'succeeded');
});

test('a card that needed 3-D Secure only to be kept pays by itself later', async (t) => {
  const kept = await customerWith(t.context, 'pm_card_authenticationRequiredOnSetup');
  t.is((await t.context.stripe.paymentIntents.create({ ...renewal, ...kept })).status, 'succeeded');
});

test('the magic payment methods are declined at once', async (t) => {
  const { stripe } = t.context;
  const declined = stripe.paymentIntents.create({
    amount: 100,
    currency: 'eur',
    confirm: true,
    payment_method: 'pm_card_chargeDeclinedInsufficientFunds',
  });
  const error = await t.throwsAsync(declined, { instanceOf: Stripe.errors.StripeCardError });
  t.like(error, { statusCode: 402, decline_code: 'insufficient_funds' });
});

test('refuses a card that was kept for another customer', async (t) => {
  const { stripe } = t.context;
  const { payment_method } = await customerWith(t.context, 'pm_card_visa');
  const other = await stripe.customers.create({});
  await t.throwsAsync(stripe.paymentIntents.create({ ...renewal, customer: other.id, payment_method }), {
    message: /must be attached to the customer/,
  });
});

test('refuses what makes no sense in a payment', async (t) => {
  const { stripe } = t.context;
  const create = (params: object) => stripe.paymentIntents.create({ amount: 100, currency: 'eur', ...params });
  await t.throwsAsync(create({ amount: 0 }), { message: /greater than or equal to 1/ });
  await t.throwsAsync(create({ off_session: true }), { message: /without setting `confirm`/ });
  await t.throwsAsync(create({ confirm: true }), { message: /missing a payment method/ });
  await t.throwsAsync(create({ payment_method_types: ['card'] }), {
    message: /unknown parameter: payment_method_types/,
  });
  await t.throwsAsync(stripe.paymentIntents.retrieve('pi_nope'), { code: 'resource_missing' });
});

test('refunds a part, then the rest, then nothing', async (t) => {
  const { stripe, hooks } = t.context;
  const intent = await stripe.paymentIntents.create({
    amount: 2500,
    currency: 'eur',
    confirm: true,
    payment_method: 'pm_card_visa',
  });
  const part = await stripe.refunds.create({ payment_intent: intent.id, amount: 1000 });
  t.like(part, { status: 'succeeded', amount: 1000, charge: intent.latest_charge });
  await t.throwsAsync(stripe.refunds.create({ payment_intent: intent.id, amount: 1501 }), {
    message: /greater than unrefunded amount/,
  });
  await stripe.refunds.create({ payment_intent: intent.id });
  await t.throwsAsync(stripe.refunds.create({ payment_intent: intent.id }), { code: 'charge_already_refunded' });
  t.is((await stripe.refunds.list({ payment_intent: intent.id })).data.length, 2);
  await hooks.wait(2, ofEvent('charge.refunded'));
  t.like(await stripe.charges.retrieve(intent.latest_charge as string), { refunded: true, amount_refunded: 2500 });
});

test('a bank disputes a payment and decides', async (t) => {
  const { stripe, hooks, standIn, verify } = t.context;
  const intent = await stripe.paymentIntents.create({
    amount: 2500,
    currency: 'eur',
    confirm: true,
    payment_method: 'pm_card_visa',
  });
  const { id } = standIn.actions?.['dispute']?.({ paymentIntent: intent.id }) as Stripe.Dispute;
  t.like(await stripe.disputes.retrieve(id), { status: 'needs_response', amount: 2500, payment_intent: intent.id });
  standIn.actions?.['close_dispute']?.({ disputeId: id, status: 'lost' });
  const [closed] = await hooks.wait(1, ofEvent('charge.dispute.closed'));
  t.like(verify(closed).data.object, { id, status: 'lost' });
});

test('the portal lets a customer add a card as the default', async (t) => {
  const { stripe, submit } = t.context;
  const customer = await stripe.customers.create({ name: 'Acme' });
  const session = await stripe.billingPortal.sessions.create({
    customer: customer.id,
    return_url: 'https://app.test/b',
  });
  t.regex(await (await fetch(session.url)).text(), /Payment methods of Acme/);
  t.deepEqual(await submit(session.url, { card: 'pm_card_mastercard' }), {
    status: 303,
    location: 'https://app.test/b',
  });
  const { invoice_settings: settings } = (await stripe.customers.retrieve(customer.id)) as Stripe.Customer;
  const method = await stripe.paymentMethods.retrieve(settings.default_payment_method as string);
  t.like(method, { customer: customer.id, card: { brand: 'mastercard', last4: '4444' } });
  await stripe.paymentMethods.detach(method.id);
  t.is((await stripe.customers.listPaymentMethods(customer.id)).data.length, 0);
});
