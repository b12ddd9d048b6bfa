import anyTest, { type TestFn } from 'ava';
import Stripe from 'stripe';
import { checkout, ofEvent, startStripe, type StripeUnderTest } from '../../test/stripe.ts';

const test = anyTest as TestFn<StripeUnderTest>;

test.beforeEach(async (t) => {
  t.context = await startStripe();
});
test.afterEach.always((t) => t.context.stop());

test('creates a session in payment mode with what the caller wants to find again', async (t) => {
  const { stripe } = t.context;
  const customer = await stripe.customers.create({ email: 'a@acme.dz', metadata: { tenant: 'ten_1' } });
  const session = await stripe.checkout.sessions.create(
    checkout({ customer: customer.id, client_reference_id: 'pat_1', metadata: { invoice: 'inv_1' } }),
  );
  t.like(session, {
    object: 'checkout.session',
    mode: 'payment',
    status: 'open',
    payment_status: 'unpaid',
    amount_total: 2500,
    currency: 'eur',
    customer: customer.id,
    client_reference_id: 'pat_1',
    metadata: { invoice: 'inv_1' },
    payment_intent: null,
    payment_method_types: ['card'],
    livemode: false,
  });
  t.regex(session.id, /^cs_test_/);
  t.is(session.expires_at - session.created, 24 * 60 * 60);
  const listed = await stripe.checkout.sessions.list({ customer: customer.id });
  t.deepEqual(
    listed.data.map(({ id }) => id),
    [session.id],
  );
});

test('paying sends signed events and keeps the card for later', async (t) => {
  const { stripe, hooks, submit, verify } = t.context;
  const customer = await stripe.customers.create({ email: 'a@acme.dz' });
  const session = await stripe.checkout.sessions.create(
    checkout({
      customer: customer.id,
      payment_intent_data: { setup_future_usage: 'off_session', metadata: { attempt: 'pat_1' } },
    }),
  );
  const paid = await submit(session.url, { outcome: 'paid' });
  t.deepEqual(paid, { status: 303, location: `https://app.test/billing/return?session=${session.id}` });
  const [completed] = await hooks.wait(1, ofEvent('checkout.session.completed'));
  const [succeeded] = await hooks.wait(1, ofEvent('payment_intent.succeeded'));
  const event = verify(completed);
  t.like(event, { object: 'event', api_version: '2026-10-28.endive', type: 'checkout.session.completed' });
  t.like(event.data.object, { id: session.id, status: 'complete', payment_status: 'paid', url: null });
  t.like(verify(succeeded).data.object, { amount_received: 2500, metadata: { attempt: 'pat_1' } });
  const read = await stripe.checkout.sessions.retrieve(session.id, {
    expand: ['payment_intent.latest_charge', 'line_items'],
  });
  const intent = read.payment_intent as Stripe.PaymentIntent;
  t.like(intent, { status: 'succeeded', customer: customer.id, setup_future_usage: 'off_session' });
  t.like(intent.latest_charge, { object: 'charge', paid: true, amount_captured: 2500 });
  t.is(read.line_items?.data[0]?.description, 'Pro, November');
  const kept = await stripe.customers.listPaymentMethods(customer.id);
  t.is(intent.payment_method, kept.data[0]?.id ?? null);
});

test('without setup_future_usage the card is not kept', async (t) => {
  const { stripe, submit } = t.context;
  const customer = await stripe.customers.create({ email: 'a@acme.dz' });
  const session = await stripe.checkout.sessions.create(checkout({ customer: customer.id }));
  await submit(session.url, { outcome: 'paid' });
  t.is((await stripe.customers.listPaymentMethods(customer.id)).data.length, 0);
});

test('a declined card leaves the page open for another', async (t) => {
  const { stripe, hooks, submit, verify } = t.context;
  const session = await stripe.checkout.sessions.create(checkout());
  const declined = await submit(session.url, { outcome: 'declined' });
  t.deepEqual(declined, { status: 303, location: `${session.url}?declined` });
  const [failed] = await hooks.wait(1, ofEvent('payment_intent.payment_failed'));
  t.like(verify(failed).data.object, { last_payment_error: { code: 'card_declined' } });
  t.regex(await (await fetch(declined.location ?? '')).text(), /card was declined/);
  await submit(session.url, { outcome: 'paid', card: 'pm_card_chargeDeclinedInsufficientFunds' });
  t.is((await stripe.checkout.sessions.retrieve(session.id)).status, 'open');
  await submit(session.url, { outcome: 'paid' });
  const complete = await stripe.checkout.sessions.retrieve(session.id);
  t.is(complete.status, 'complete');
  const intents = await stripe.paymentIntents.list();
  t.deepEqual(
    intents.data.map(({ id }) => id),
    [complete.payment_intent],
  );
});

test('cancelling goes back and leaves the session open', async (t) => {
  const { stripe, submit } = t.context;
  const session = await stripe.checkout.sessions.create(checkout());
  t.deepEqual(await submit(session.url, { outcome: 'canceled' }), {
    status: 303,
    location: 'https://app.test/billing',
  });
  t.is((await stripe.checkout.sessions.retrieve(session.id)).status, 'open');
});

test('paying twice charges once', async (t) => {
  const { stripe, submit, hooks } = t.context;
  const session = await stripe.checkout.sessions.create(checkout());
  const [first, second] = [
    await submit(session.url, { outcome: 'paid' }),
    await submit(session.url, { outcome: 'paid' }),
  ];
  t.is(second.location, first.location);
  t.is((await stripe.paymentIntents.list()).data.length, 1);
  await hooks.wait(1, ofEvent('checkout.session.completed'));
  t.is(hooks.deliveries.filter(ofEvent('checkout.session.completed')).length, 1);
});

test('the page is HTML with a button for every outcome and hides nothing foreign', async (t) => {
  const { stripe } = t.context;
  const item = { price_data: { currency: 'eur', unit_amount: 2500, product_data: { name: '<script>x</script>' } } };
  const session = await stripe.checkout.sessions.create(checkout({ line_items: [item] }));
  const response = await fetch(session.url ?? '');
  const html = await response.text();
  t.is(response.headers.get('content-type'), 'text/html; charset=utf-8');
  for (const outcome of ['paid', 'declined', 'canceled']) t.true(html.includes(`value="${outcome}"`));
  t.true(html.includes('25.00 EUR'));
  t.false(html.includes('<script>x'));
  const wrong = await fetch(session.url ?? '', { method: 'POST', body: new URLSearchParams({ outcome: 'maybe' }) });
  t.is(wrong.status, 400);
});

test('expires on request, once, and by itself after its time', async (t) => {
  const { stripe, hooks, world, submit } = t.context;
  const session = await stripe.checkout.sessions.create(checkout());
  t.is((await stripe.checkout.sessions.expire(session.id)).status, 'expired');
  await t.throwsAsync(stripe.checkout.sessions.expire(session.id), { message: /Only Checkout Sessions with a status/ });
  await hooks.wait(1, ofEvent('checkout.session.expired'));
  const expiresAt = Math.floor(Date.now() / 1000) + 31 * 60;
  const short = await stripe.checkout.sessions.create(checkout({ expires_at: expiresAt }));
  await world.clock.advance(32 * 60_000);
  t.like(await stripe.checkout.sessions.retrieve(short.id), { status: 'expired', url: null });
  await submit(short.url, { outcome: 'paid' });
  t.is((await stripe.checkout.sessions.retrieve(short.id)).payment_status, 'unpaid');
});

test('a caller that knows real time only still gets its hour after the clock was advanced', async (t) => {
  const { stripe, world } = t.context;
  await world.clock.advance(35 * 24 * 60 * 60_000);
  const expiresAt = Math.floor(Date.now() / 1000) + 60 * 60;
  const session = await stripe.checkout.sessions.create(checkout({ expires_at: expiresAt }));
  t.like(session, { expires_at: expiresAt, status: 'open' });
  await world.clock.advance(59 * 60_000);
  t.is((await stripe.checkout.sessions.retrieve(session.id)).status, 'open');
  await world.clock.advance(2 * 60_000);
  t.is((await stripe.checkout.sessions.retrieve(session.id)).status, 'expired');
});

test('refuses payment_method_types, which is no parameter any more, and accepts its successor', async (t) => {
  const { stripe } = t.context;
  const old = { ...checkout(), payment_method_types: ['card'] } as Stripe.Checkout.SessionCreateParams;
  const error = await t.throwsAsync(stripe.checkout.sessions.create(old), {
    instanceOf: Stripe.errors.StripeInvalidRequestError,
  });
  t.like(error, { statusCode: 400, code: 'parameter_unknown', param: 'payment_method_types' });
  const session = await stripe.checkout.sessions.create(checkout({ allowed_payment_method_types: ['card'] }));
  t.deepEqual(session.allowed_payment_method_types, ['card']);
});

test('names what is missing or wrong in the request', async (t) => {
  const { raw } = t.context;
  const error = async (body: string) => {
    const response = await raw('POST', '/v1/checkout/sessions', body);
    return ((await response.json()) as { error: { message: string; code?: string; param?: string } }).error;
  };
  const line = 'line_items[0][price_data][currency]=eur&line_items[0][price_data][product_data][name]=x';
  t.like(await error('mode=payment&success_url=https://a.test'), { code: 'parameter_missing', param: 'line_items' });
  t.like(await error(`mode=payment&success_url=https://a.test&${line}&line_items[0][price_data][unit_amount]=1.5`), {
    code: 'parameter_invalid_integer',
    message: 'Invalid integer: 1.5',
    param: 'line_items[0][price_data][unit_amount]',
  });
  t.like(await error(`mode=payment&success_url=https://a.test&${line}&line_items[0][price_data][unit_amount]=49`), {
    code: 'amount_too_small',
  });
  const whole = `mode=payment&success_url=https://a.test&${line}&line_items[0][price_data][unit_amount]=500`;
  t.like(await error(`${whole}&customer=cus_nope`), { code: 'resource_missing', param: 'customer' });
  t.like(await error(`${whole}&expires_at=1`), { param: 'expires_at' });
});

test('counts the dinar in centimes and adds up the lines', async (t) => {
  const { stripe } = t.context;
  const item = (unit_amount: number, quantity: number) => ({
    price_data: { currency: 'dzd', unit_amount, product_data: { name: 'x' } },
    quantity,
  });
  const session = await stripe.checkout.sessions.create(checkout({ line_items: [item(350_000, 2), item(100, 1)] }));
  t.like(session, { amount_total: 700_100, currency: 'dzd' });
});

test('makes a customer for a card that is to be kept when none was named', async (t) => {
  const { stripe, submit } = t.context;
  const session = await stripe.checkout.sessions.create(
    checkout({ customer_email: 'new@acme.dz', payment_intent_data: { setup_future_usage: 'off_session' } }),
  );
  await submit(session.url, { outcome: 'paid' });
  const { customer } = await stripe.checkout.sessions.retrieve(session.id, { expand: ['customer'] });
  t.like(customer, { object: 'customer', email: 'new@acme.dz' });
});

test('is paid, declined and expired by hand', async (t) => {
  const { stripe, standIn } = t.context;
  const session = await stripe.checkout.sessions.create(checkout());
  standIn.actions?.['decline']?.({ sessionId: session.id });
  standIn.actions?.['pay']?.({ sessionId: session.id });
  t.is((await stripe.checkout.sessions.retrieve(session.id)).payment_status, 'paid');
  t.throws(() => standIn.actions?.['expire']?.({ sessionId: session.id }));
  t.like(standIn.state(), { sessions: [{ id: session.id, amount_total: 2500, currency: 'eur', status: 'complete' }] });
});
