import anyTest, { type TestFn } from 'ava';
import type Stripe from 'stripe';
import { advanceTo, at, eventTypes, ofEvent, shop, startStripe, type StripeUnderTest } from '../../../test/stripe.ts';

const test = anyTest as TestFn<StripeUnderTest>;

test.beforeEach(async (t) => {
  t.context = await startStripe('2026-11-01T00:00:00Z');
});
test.afterEach.always((t) => t.context.stop());

/** A subscription to the small plan, 15 of whose 30 days have passed. */
async function halfway(context: StripeUnderTest, card = 'pm_card_visa') {
  const made = await shop(context, 'pm_card_visa');
  const { stripe, standIn } = context;
  const created = await stripe.subscriptions.create({
    customer: made.customer.id,
    items: [{ price: made.starter.id }],
  });
  await advanceTo(context, '2026-11-16T00:00:00Z');
  standIn.actions?.['turn_card']?.({ paymentMethodId: made.methodId, card });
  return { ...made, id: created.id, itemId: created.items.data[0]?.id ?? '', start: created.start_date };
}

const isNear = (value: number | undefined, wanted: number): boolean => Math.abs((value ?? NaN) - wanted) <= 1;

test('an upgrade is invoiced at once for the rest of the period', async (t) => {
  const { stripe } = t.context;
  const { id, itemId, business } = await halfway(t.context);
  const updated = await stripe.subscriptions.update(id, {
    items: [{ id: itemId, price: business.id }],
    proration_behavior: 'always_invoice',
    payment_behavior: 'pending_if_incomplete',
    expand: ['latest_invoice'],
  });
  t.is(updated.items.data[0]?.price.id, business.id);
  t.is(updated.items.data[0]?.id, itemId);
  t.is(updated.pending_update, null);
  t.is(at(updated.items.data[0]?.current_period_end), '2026-12-01T00:00:00Z');
  const invoice = updated.latest_invoice as Stripe.Invoice;
  t.like(invoice, { status: 'paid', billing_reason: 'subscription_update' });
  t.true(isNear(invoice.total, 3500), `${invoice.total}`);
  const [credit, debit] = invoice.lines.data;
  t.true(isNear(credit?.amount, -1450));
  t.true(isNear(debit?.amount, 4950));
  t.regex(credit?.description ?? '', /^Unused time on Pro after 16 Nov/);
  t.true(credit?.parent?.subscription_item_details?.proration);
  t.truthy(credit?.parent?.subscription_item_details?.proration_details?.credited_items?.invoice);
  t.is(invoice.parent?.subscription_details?.subscription_proration_date, credit?.period.start);
});

test('an upgrade waits for its payment, and happens when the customer pays', async (t) => {
  const { stripe, submit, hooks, verify } = t.context;
  const { id, itemId, starter, business } = await halfway(t.context, 'pm_card_chargeDeclined');
  const waiting = await stripe.subscriptions.update(id, {
    items: [{ id: itemId, price: business.id }],
    proration_behavior: 'always_invoice',
    payment_behavior: 'pending_if_incomplete',
    metadata: { plan: 'business' },
  });
  t.like(waiting, { status: 'active', metadata: {} });
  t.is(waiting.items.data[0]?.price.id, starter.id);
  t.is(waiting.pending_update?.subscription_items?.[0]?.price.id, business.id);
  t.is(at(waiting.pending_update?.expires_at)?.slice(0, 16), '2026-11-16T23:00');
  const invoice = await stripe.invoices.retrieve(waiting.latest_invoice as string);
  t.like(invoice, { status: 'open', attempt_count: 1, next_payment_attempt: null });
  await submit(invoice.hosted_invoice_url ?? null, { outcome: 'paid' });
  const done = await stripe.subscriptions.retrieve(id);
  t.like(done, { pending_update: null, metadata: { plan: 'business' } });
  t.is(done.items.data[0]?.price.id, business.id);
  const [applied] = await hooks.wait(1, ofEvent('customer.subscription.pending_update_applied'));
  t.like(verify(applied).data.object, { id, pending_update: null });
});

test('an upgrade nobody pays is forgotten after 23 hours, and its invoice is void', async (t) => {
  const { stripe, hooks } = t.context;
  const { id, itemId, starter, business } = await halfway(t.context, 'pm_card_authenticationRequired');
  const waiting = await stripe.subscriptions.update(id, {
    items: [{ id: itemId, price: business.id }],
    proration_behavior: 'always_invoice',
    payment_behavior: 'pending_if_incomplete',
  });
  await hooks.wait(1, ofEvent('invoice.payment_action_required'));
  await advanceTo(t.context, '2026-11-17T00:00:00Z');
  const kept = await stripe.subscriptions.retrieve(id);
  t.like(kept, { pending_update: null, status: 'active' });
  t.is(kept.items.data[0]?.price.id, starter.id);
  t.is((await stripe.invoices.retrieve(waiting.latest_invoice as string)).status, 'void');
  await hooks.wait(1, ofEvent('customer.subscription.pending_update_expired'));
});

test('voiding the invoice of a pending update takes the update back', async (t) => {
  const { stripe } = t.context;
  const { id, itemId, business } = await halfway(t.context, 'pm_card_chargeDeclined');
  const change = {
    items: [{ id: itemId, price: business.id }],
    proration_behavior: 'always_invoice' as const,
    payment_behavior: 'pending_if_incomplete' as const,
  };
  const first = await stripe.subscriptions.update(id, change);
  const second = await stripe.subscriptions.update(id, change);
  t.is((await stripe.invoices.retrieve(first.latest_invoice as string)).status, 'void');
  await stripe.invoices.voidInvoice(second.latest_invoice as string);
  t.is((await stripe.subscriptions.retrieve(id)).pending_update, null);
  await t.throwsAsync(stripe.subscriptions.update(id, { ...change, default_payment_method: 'pm_x' }), {
    message: /pending_if_incomplete/,
  });
});

test('a change that does not wait is done although the card is refused, and the subscription is behind', async (t) => {
  const { stripe } = t.context;
  const { id, itemId, business } = await halfway(t.context, 'pm_card_chargeDeclined');
  const updated = await stripe.subscriptions.update(id, {
    items: [{ id: itemId, price: business.id }],
    proration_behavior: 'always_invoice',
  });
  t.is(updated.status, 'past_due');
  t.is(updated.items.data[0]?.price.id, business.id);
  await stripe.invoices.pay(updated.latest_invoice as string, { payment_method: 'pm_card_visa' });
  t.is((await stripe.subscriptions.retrieve(id)).status, 'active');
});

test('error_if_incomplete changes nothing when the card is refused', async (t) => {
  const { stripe } = t.context;
  const { id, itemId, starter, business } = await halfway(t.context, 'pm_card_chargeDeclined');
  const change = {
    items: [{ id: itemId, price: business.id }],
    proration_behavior: 'always_invoice' as const,
    payment_behavior: 'error_if_incomplete' as const,
  };
  await t.throwsAsync(stripe.subscriptions.update(id, change), { code: 'card_declined' });
  t.is((await stripe.subscriptions.retrieve(id)).items.data[0]?.price.id, starter.id);
});

test('prorations wait for the next invoice when nobody asks for one', async (t) => {
  const { stripe } = t.context;
  const { id, itemId, business, customer } = await halfway(t.context);
  await stripe.subscriptions.update(id, { items: [{ id: itemId, price: business.id }] });
  const pending = await stripe.invoiceItems.list({ customer: customer.id });
  t.deepEqual(
    pending.data.map(({ proration, invoice }) => [proration, invoice]),
    [
      [true, null],
      [true, null],
    ],
  );
  await advanceTo(t.context, '2026-12-01T02:00:00Z');
  const renewed = await stripe.subscriptions.retrieve(id, { expand: ['latest_invoice'] });
  const invoice = renewed.latest_invoice as Stripe.Invoice;
  t.is(invoice.lines.data.length, 3);
  t.true(isNear(invoice.total, 3500 + 9900), `${invoice.total}`);
  t.is(invoice.status, 'paid');
});

test('without proration nothing is billed before the next period', async (t) => {
  const { stripe } = t.context;
  const { id, itemId, business, customer } = await halfway(t.context);
  await stripe.subscriptions.update(id, {
    items: [{ id: itemId, price: business.id }],
    proration_behavior: 'none',
  });
  t.is((await stripe.invoices.list({ customer: customer.id })).data.length, 1);
  t.is((await stripe.invoiceItems.list({ customer: customer.id })).data.length, 0);
});

test('a downgrade at once leaves credit that the next invoices use up', async (t) => {
  const { stripe } = t.context;
  const { id, itemId, business, starter, customer } = await halfway(t.context);
  await stripe.subscriptions.update(id, {
    items: [{ id: itemId, price: business.id }],
    proration_behavior: 'always_invoice',
  });
  const down = await stripe.subscriptions.update(id, {
    items: [{ id: itemId, price: starter.id }],
    proration_behavior: 'always_invoice',
    expand: ['latest_invoice'],
  });
  const credit = down.latest_invoice as Stripe.Invoice;
  t.like(credit, { status: 'paid', amount_due: 0, amount_paid: 0 });
  t.true(isNear(credit.total, -3500), `${credit.total}`);
  t.is(((await stripe.customers.retrieve(customer.id)) as Stripe.Customer).balance, credit.total);
  await advanceTo(t.context, '2026-12-01T02:00:00Z');
  const renewed = await stripe.subscriptions.retrieve(id, { expand: ['latest_invoice'] });
  const next = renewed.latest_invoice as Stripe.Invoice;
  t.like(next, { total: 2900, amount_due: 0, status: 'paid', starting_balance: credit.total });
  t.is(next.ending_balance, credit.total + 2900);
});

test('another interval starts a new period and bills it at once, less what was not used', async (t) => {
  const { stripe } = t.context;
  const { id, itemId, yearly } = await halfway(t.context);
  const updated = await stripe.subscriptions.update(id, {
    items: [{ id: itemId, price: yearly.id }],
    expand: ['latest_invoice'],
  });
  const invoice = updated.latest_invoice as Stripe.Invoice;
  t.true(isNear(invoice.total, 29_000 - 1450), `${invoice.total}`);
  t.is(at(updated.items.data[0]?.current_period_end)?.slice(0, 10), '2027-11-16');
  t.is(updated.items.data[0]?.current_period_start, updated.billing_cycle_anchor);
});

test('a preview says what will be charged and keeps nothing', async (t) => {
  const { stripe } = t.context;
  const { id, itemId, business, yearly, customer } = await halfway(t.context);
  const before = await eventTypes(t.context);
  const upgrade = await stripe.invoices.createPreview({
    customer: customer.id,
    subscription: id,
    subscription_details: { items: [{ id: itemId, price: business.id }], proration_behavior: 'always_invoice' },
  });
  t.like(upgrade, { object: 'invoice', status: 'draft' });
  t.true(isNear(upgrade.amount_due, 3500), `${upgrade.amount_due}`);
  const date = upgrade.parent?.subscription_details?.subscription_proration_date;
  const again = await stripe.subscriptions.update(id, {
    items: [{ id: itemId, price: business.id }],
    proration_behavior: 'always_invoice',
    ...(date !== undefined && { proration_date: date }),
    expand: ['latest_invoice'],
  });
  t.is((again.latest_invoice as Stripe.Invoice).total, upgrade.total, 'the same second costs the same');
  const next = await stripe.invoices.createPreview({ subscription: id });
  t.is(next.total, 9900);
  t.is(at(next.lines.data[0]?.period.start), '2026-12-01T00:00:00Z');
  const year = await stripe.invoices.createPreview({
    subscription: id,
    subscription_details: { items: [{ id: itemId, price: yearly.id }] },
  });
  t.true(isNear(year.total, 29_000 - 4950), `${year.total}`);
  const fresh = await stripe.invoices.createPreview({
    customer: customer.id,
    subscription_details: { items: [{ price: yearly.id }] },
  });
  t.is(fresh.total, 29_000);
  await stripe.subscriptions.update(id, { cancel_at_period_end: true });
  await t.throwsAsync(stripe.invoices.createPreview({ subscription: id }), { code: 'invoice_upcoming_none' });
  const after = await eventTypes(t.context);
  t.is(after.filter((type) => type === 'invoice.created').length, 2, before.join());
});

test('items come and go; one must stay', async (t) => {
  const { stripe } = t.context;
  const { id, itemId, business } = await halfway(t.context);
  const two = await stripe.subscriptions.update(id, { items: [{ price: business.id, quantity: 2 }] });
  t.deepEqual(
    two.items.data.map(({ quantity }) => quantity),
    [1, 2],
  );
  await t.throwsAsync(stripe.subscriptions.update(id, { items: [{ price: business.id }] }), {
    message: /same plan/,
  });
  const one = await stripe.subscriptions.update(id, { items: [{ id: itemId, deleted: true }] });
  t.is(one.items.data.length, 1);
  const last = one.items.data[0]?.id ?? '';
  await t.throwsAsync(stripe.subscriptions.update(id, { items: [{ id: last, deleted: true }] }), {
    message: /at least one/,
  });
});
