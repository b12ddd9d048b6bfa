import anyTest, { type TestFn } from 'ava';
import type Stripe from 'stripe';
import { ofEvent, shop, startStripe, type StripeUnderTest } from '../../../test/stripe.ts';

const test = anyTest as TestFn<StripeUnderTest>;

test.beforeEach(async (t) => {
  t.context = await startStripe('2026-11-03T10:00:00Z');
});
test.afterEach.always((t) => t.context.stop());

test('an invoice by hand: items, finalised, paid by the kept card', async (t) => {
  const { stripe } = t.context;
  const { customer } = await shop(t.context);
  const draft = await stripe.invoices.create({ customer: customer.id, currency: 'eur', metadata: { order: '1' } });
  t.like(draft, { status: 'draft', billing_reason: 'manual', auto_advance: false, parent: null, total: 0 });
  const item = await stripe.invoiceItems.create({
    customer: customer.id,
    invoice: draft.id ?? '',
    amount: 50_000,
    currency: 'eur',
    description: 'Enterprise, by agreement',
  });
  t.is(item.invoice, draft.id ?? null);
  const open = await stripe.invoices.finalizeInvoice(draft.id ?? '');
  t.like(open, { status: 'open', total: 50_000, attempted: false });
  await t.throwsAsync(stripe.invoices.finalizeInvoice(draft.id ?? ''), { message: /already finalized/ });
  const paid = await stripe.invoices.pay(open.id ?? '');
  t.like(paid, { status: 'paid', amount_paid: 50_000, metadata: { order: '1' } });
});

test('pending items come along when they are asked for, and a draft can be deleted', async (t) => {
  const { stripe } = t.context;
  const { customer, product } = await shop(t.context);
  const once = await stripe.prices.create({ product: product.id, currency: 'eur', unit_amount: 700 });
  await stripe.invoiceItems.create({ customer: customer.id, pricing: { price: once.id }, quantity: 2 });
  const gone = await stripe.invoiceItems.create({ customer: customer.id, amount: 1, currency: 'eur' });
  t.true((await stripe.invoiceItems.del(gone.id)).deleted);
  const none = await stripe.invoices.create({ customer: customer.id });
  t.is(none.total, 0);
  t.true((await stripe.invoices.del(none.id ?? '')).deleted);
  const all = await stripe.invoices.create({
    customer: customer.id,
    currency: 'eur',
    pending_invoice_items_behavior: 'include',
  });
  t.is(all.total, 1400);
  const lines = await stripe.invoices.listLineItems(all.id ?? '');
  t.is(lines.data[0]?.parent?.type, 'invoice_item_details');
});

test('an invoice for nothing is paid as it is finalised', async (t) => {
  const { stripe, hooks } = t.context;
  const { customer } = await shop(t.context);
  const draft = await stripe.invoices.create({ customer: customer.id, currency: 'eur' });
  t.is((await stripe.invoices.finalizeInvoice(draft.id ?? '')).status, 'paid');
  await hooks.wait(1, ofEvent('invoice.payment_succeeded'));
  t.is((await stripe.invoicePayments.list({ invoice: draft.id ?? '' })).data.length, 0);
});

test('lists invoices of one customer by status', async (t) => {
  const { stripe } = t.context;
  const { customer, starter } = await shop(t.context);
  const { id } = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: starter.id }] });
  await stripe.invoices.create({ customer: customer.id, currency: 'eur' });
  const count = async (params: Stripe.InvoiceListParams) =>
    (await stripe.invoices.list({ customer: customer.id, ...params })).data.length;
  t.deepEqual(
    [
      await count({}),
      await count({ status: 'paid' }),
      await count({ status: 'draft' }),
      await count({ subscription: id }),
    ],
    [2, 1, 1, 1],
  );
});

test('the portal cancels, takes it back, and keeps a new card, as its configuration allows', async (t) => {
  const { stripe, submit } = t.context;
  const { customer, starter } = await shop(t.context);
  const { id } = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: starter.id }] });
  const configuration = await stripe.billingPortal.configurations.create({
    features: {
      payment_method_update: { enabled: true },
      subscription_cancel: { enabled: true, mode: 'at_period_end' },
      invoice_history: { enabled: true },
    },
  });
  t.like(configuration.features, { subscription_cancel: { enabled: true, mode: 'at_period_end' } });
  const open = (more: object) =>
    stripe.billingPortal.sessions.create({ customer: customer.id, return_url: 'https://app.test', ...more });
  const session = await open({ configuration: configuration.id });
  await submit(session.url, { action: 'cancel', subscription: id });
  t.true((await stripe.subscriptions.retrieve(id)).cancel_at_period_end);
  await submit(session.url, { action: 'renew', subscription: id });
  t.false((await stripe.subscriptions.retrieve(id)).cancel_at_period_end);
  const narrow = await open({});
  t.is((await submit(narrow.url, { action: 'cancel', subscription: id })).status, 400);
  t.is((await submit(narrow.url, { card: 'pm_card_mastercard' })).status, 303);
  await t.throwsAsync(open({ configuration: 'bpc_nope' }), { code: 'resource_missing' });
  t.true((await (await fetch(session.url)).text()).includes('Cancel'));
});

test('a lost answer, a burst of errors and slowness are survived with one subscription', async (t) => {
  const { stripe, world } = t.context;
  const { customer, starter } = await shop(t.context);
  const create = () =>
    stripe.subscriptions.create(
      { customer: customer.id, items: [{ price: starter.id }] },
      { idempotencyKey: 'ord_1', maxNetworkRetries: 4 },
    );
  world.faults.add({ target: 'stripe', kind: 'drop_after', path: '/v1/subscriptions', times: 1 });
  world.faults.add({ target: 'stripe', kind: 'status', status: 500, path: '/v1/subscriptions', times: 2 });
  world.faults.add({ target: 'stripe', kind: 'latency', ms: 50, path: '/v1/subscriptions', times: 1 });
  const created = await create();
  t.is((await create()).id, created.id);
  t.is((await stripe.subscriptions.list({ customer: customer.id })).data.length, 1);
});

test('webhooks come forged, made up, twice, late or never when a test asks for it', async (t) => {
  const { stripe, hooks, standIn, world, verify } = t.context;
  const { customer, starter } = await shop(t.context);
  world.faults.add({ target: 'stripe', kind: 'webhook_lose', path: '"invoice\\.created"', times: 1 });
  world.faults.add({ target: 'stripe', kind: 'webhook_duplicate', path: '"type": "invoice\\.paid"', times: 1 });
  await stripe.subscriptions.create({ customer: customer.id, items: [{ price: starter.id }] });
  const twice = await hooks.wait(2, ofEvent('invoice.paid'));
  t.is(new Set(twice.map(({ json }) => json['id'])).size, 1);
  t.is(hooks.deliveries.filter(ofEvent('invoice.created')).length, 0);
  standIn.actions?.['send_forged']?.({ type: 'invoice.paid' });
  const forged = (await hooks.wait(3, ofEvent('invoice.paid')))[2];
  t.throws(() => verify(forged), { message: /signature/i });
  standIn.actions?.['send_made_up']?.({ type: 'invoice.overdue', object: { id: 'in_other', object: 'invoice' } });
  const [madeUp] = await hooks.wait(1, ofEvent('invoice.overdue'));
  t.like(verify(madeUp).data.object, { id: 'in_other' });
});
