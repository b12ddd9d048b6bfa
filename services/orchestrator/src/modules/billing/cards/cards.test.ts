import test from 'ava';
import {
  type BillingOwner,
  type BillingWorld,
  onPaymentPage,
  quiet,
  startBillingWorld,
} from '#test/support/billing-world.ts';
import { atEndOfFile, eventually } from '#test/support/stack.ts';
import { entitlementsOf } from '#modules/catalogue/service.ts';
import type { AttemptRow, PaymentRow } from '../checkout/queries.ts';
import { forTenant } from '../customers.ts';
import type { Invoice } from '../invoices/schemas.ts';
import { reconcile } from '../reconcile/service.ts';
import { chargeCard } from './charge.ts';
import type { PaymentMethod } from './schemas.ts';

interface StripeState {
  customers: {
    id: string;
    metadata: Record<string, string>;
    invoice_settings: { default_payment_method: string | null };
  }[];
  paymentMethods: { id: string; customer: string | null; card: { last4: string } }[];
  portalSessions: { configuration: string }[];
  portalConfigurations: { id: string; metadata: Record<string, string>; features: object }[];
  intents: { id: string; status: string; metadata: Record<string, string>; amount: number; currency: string }[];
}

const MONTH_MS = 31 * 86_400_000;

const cleanUp = atEndOfFile(test);
let world: BillingWorld;
test.before(async () => {
  world = await startBillingWorld(cleanUp, { env: { BILLING_RECONCILE_MS: '3600000' } });
});
test.afterEach.always(() => world.sandbox.world.faults.clear());

const stripe = () => world.sandbox.standIns['stripe']?.state() as StripeState;
const fault = (kind: string, more: object = {}) => world.sandbox.world.faults.add({ target: 'stripe', kind, ...more });
const chargesOf = (invoiceId: string) =>
  stripe().intents.filter(({ metadata }) => metadata['invoice_id'] === invoiceId);
const attemptsOf = (invoiceId: string) =>
  world.app.ctx.db<AttemptRow>('payment_attempts').where({ invoice_id: invoiceId }).orderBy('id');
const paymentsOf = (invoiceId: string) => world.app.ctx.db<PaymentRow>('payments').where({ invoice_id: invoiceId });
const mailsTo = async (owner: BillingOwner, template: string) =>
  (await world.app.ctx.db('mails').where({ tenant_id: owner.tenantId, template })).length;
const methodOf = (owner: BillingOwner) => owner.get<PaymentMethod>('/v1/payment-method');

async function pay(url: string, card?: string): Promise<void> {
  const answer = await fetch(url, {
    method: 'POST',
    body: new URLSearchParams({ outcome: 'paid', ...(card !== undefined && { card }) }),
    redirect: 'manual',
  });
  if (answer.status !== 303) throw new Error(`The page answered ${answer.status}`);
}

/** Somebody who has paid their first invoice, and let us keep the card. */
async function buyer(card?: string, keepCard = true) {
  const owner = await world.createOwner();
  const { id } = await owner.subscribe('starter-m-eur-v1');
  const first = await owner.invoiceOf(id);
  const { url } = await owner.checkout(first.id, { keepCard });
  await pay(url, card);
  await owner.paid(first.id);
  if (keepCard) await eventually('the card to be kept', async () => (await methodOf(owner)).card !== null);
  return { owner, first, subscriptionId: id };
}

/** A month later. */
async function renewed({ owner, first }: { owner: BillingOwner; first: Invoice }): Promise<Invoice> {
  await world.sandbox.world.clock.advance(MONTH_MS);
  return eventually('the renewal’s invoice', async () => {
    const { items } = await owner.get<{ items: Invoice[] }>('/v1/invoices?limit=100');
    return items.find(({ id, totalMinor }) => id > first.id && totalMinor > 0);
  });
}

test.serial('a card is kept only when its owner has said so', async (t) => {
  const { owner } = await buyer(undefined, false);
  await quiet(world);
  t.deepEqual(await methodOf(owner), { card: null, hasPortal: true });
  const customer = stripe().customers.find(({ metadata }) => metadata['tenant_id'] === owner.tenantId);
  t.is(customer?.invoice_settings.default_payment_method, null);
  const invoice = await renewed({
    owner,
    first: (await owner.get<{ items: Invoice[] }>('/v1/invoices')).items[0] as Invoice,
  });
  await quiet(world);
  t.deepEqual(chargesOf(invoice.id), []);
});

test.serial('a renewal is paid by the kept card, once, while nobody is there', async (t) => {
  const bought = await buyer();
  const { owner } = bought;
  t.like((await methodOf(owner)).card, { brand: 'visa', last4: '4242', expMonth: 12 });
  const invoice = await renewed(bought);
  await owner.paid(invoice.id);
  world.stripe('redeliver', {});
  await forTenant(owner.ctx, owner.tenantId, (ctx) => chargeCard(ctx, invoice.id));
  await quiet(world);
  t.deepEqual(
    chargesOf(invoice.id).map(({ status, amount, currency }) => ({ status, amount, currency })),
    [{ status: 'succeeded', amount: 2900, currency: 'eur' }],
  );
  t.deepEqual(
    (await paymentsOf(invoice.id)).map(({ state, provider }) => ({ state, provider })),
    [{ state: 'settled', provider: 'stripe' }],
  );
  t.is((await entitlementsOf(owner.ctx)).sites, 1);
});

test.serial(
  'the first invoice of a new subscription is not charged to the card: nobody has paid for it yet',
  async (t) => {
    const { owner } = await buyer();
    const { id } = await owner.subscribe('llm-pro-m-usd-v1');
    const invoice = await owner.invoiceOf(id);
    await quiet(world);
    t.deepEqual(chargesOf(invoice.id), []);
    t.deepEqual(await attemptsOf(invoice.id), []);
  },
);

test.serial('a declined renewal: told once, and it can be paid on a page', async (t) => {
  const bought = await buyer('4000000000000341');
  const { owner } = bought;
  const invoice = await renewed(bought);
  await eventually('the attempt to fail', async () => (await attemptsOf(invoice.id))[0]?.state === 'failed');
  world.stripe('redeliver', {});
  await forTenant(owner.ctx, owner.tenantId, (ctx) => chargeCard(ctx, invoice.id));
  await quiet(world);
  t.is(chargesOf(invoice.id).length, 1);
  t.is(world.events.filter((event) => event === `billing.invoice_failed ${invoice.id}`).length, 1);
  t.is(await mailsTo(owner, 'payment_failed'), 1);
  t.is(await mailsTo(owner, 'payment_action'), 0);
  const { url } = await owner.checkout(invoice.id);
  await onPaymentPage(url, 'paid');
  await owner.paid(invoice.id);
});

test.serial('a bank that wants to hear it from the owner: a mail with the link, and no failure', async (t) => {
  const bought = await buyer('4000002760003184');
  const { owner } = bought;
  const invoice = await renewed(bought);
  await eventually('the attempt to end', async () => (await attemptsOf(invoice.id))[0]?.state === 'failed');
  await quiet(world);
  t.is(await mailsTo(owner, 'payment_action'), 1);
  t.is(await mailsTo(owner, 'payment_failed'), 0);
  t.false(world.events.includes(`billing.invoice_failed ${invoice.id}`));
  const { url } = await owner.checkout(invoice.id);
  await onPaymentPage(url, 'paid');
  await owner.paid(invoice.id);
});

test.serial('a charge whose answer was lost is not made twice', async (t) => {
  const bought = await buyer();
  fault('drop_after', { method: 'POST', path: 'payment_intents$', times: 4 });
  const invoice = await renewed(bought);
  await bought.owner.paid(invoice.id);
  await quiet(world);
  t.is(chargesOf(invoice.id).length, 1);
  t.is((await paymentsOf(invoice.id)).length, 1);
});

test.serial('a charge that nobody told of is found by asking', async (t) => {
  const bought = await buyer();
  const { owner } = bought;
  fault('webhook_lose');
  fault('drop_after', { method: 'POST', path: 'payment_intents$' });
  const invoice = await renewed(bought);
  await eventually('the charge', () => Promise.resolve(chargesOf(invoice.id).length === 1));
  const [attempt] = await attemptsOf(invoice.id);
  t.like(attempt, { kind: 'saved_card', state: 'creating', provider_session_id: null });
  const refused = await owner.post(`/v1/invoices/${invoice.id}/checkout`);
  t.like(refused.body, { error: { code: 'invoice.not_payable', details: { reason: 'processing' } } });
  await reconcile(world.app.ctx);
  await owner.paid(invoice.id);
  t.is((await paymentsOf(invoice.id)).length, 1);
});

test.serial('a failure that Stripe keeps under the key does not leave the invoice waiting for ever', async (t) => {
  const bought = await buyer();
  const { owner } = bought;
  fault('status', { status: 500, method: 'POST', path: 'payment_intents$' });
  const invoice = await renewed(bought);
  await eventually('the attempt to end', async () => (await attemptsOf(invoice.id))[0]?.state === 'failed');
  t.is(await mailsTo(owner, 'payment_failed'), 1);
  await owner.checkout(invoice.id);
});

test.serial('a card that was taken off is charged no more', async (t) => {
  const bought = await buyer();
  const { owner } = bought;
  const removed = await world.api.request('delete', '/v1/payment-method', owner);
  t.is(removed.status, 204);
  t.is((await methodOf(owner)).card, null);
  t.true(stripe().paymentMethods.every(({ customer }) => customer === null || customer !== customerOf(owner)));
  const invoice = await renewed(bought);
  await quiet(world);
  t.deepEqual(chargesOf(invoice.id), []);
  const { items } = await owner.get<{ items: { action: string }[] }>('/v1/audit-log?limit=100');
  const actions = items.map(({ action }) => action);
  t.is(actions.filter((action) => action === 'payment_method.keep').length, 1);
  t.is(actions.filter((action) => action === 'payment_method.remove').length, 1);
});

test.serial('a card that was taken off at Stripe is noticed', async (t) => {
  const { owner } = await buyer();
  const [mine] = stripe().paymentMethods.filter(({ customer }) => customer === customerOf(owner));
  await fetch(`${world.sandbox.urls.stripe}/v1/payment_methods/${mine?.id ?? ''}/detach`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${world.app.config.STRIPE_SECRET_KEY ?? ''}`,
      'stripe-version': '2026-10-28.endive',
    },
  });
  await eventually('the card to be gone', async () => (await methodOf(owner)).card === null);
  t.pass();
});

test.serial('the provider’s page changes the card and nothing else, and the new one is what is charged', async (t) => {
  const bought = await buyer();
  const { owner } = bought;
  const opened = await owner.post('/v1/payment-method/portal');
  t.is(opened.status, 201);
  const { url } = opened.body as { url: string };
  const again = await owner.post('/v1/payment-method/portal');
  t.is(again.status, 201);
  const { portalSessions, portalConfigurations } = stripe();
  const configurations = new Set(portalSessions.map(({ configuration }) => configuration));
  t.is(configurations.size, 1);
  t.is(portalConfigurations.filter(({ metadata }) => metadata['bastide'] !== undefined).length, 1);
  const [ours] = portalConfigurations.filter(({ id }) => configurations.has(id));
  t.like(ours, {
    features: {
      payment_method_update: { enabled: true },
      subscription_cancel: { enabled: false },
      invoice_history: { enabled: false },
    },
  });
  const changed = await fetch(url, {
    method: 'POST',
    body: new URLSearchParams({ card: 'pm_card_mastercard' }),
    redirect: 'manual',
  });
  t.true(changed.status < 400, await changed.text());
  await eventually('the new card', async () => (await methodOf(owner)).card?.brand === 'mastercard');
  const invoice = await renewed(bought);
  await owner.paid(invoice.id);
  t.is(chargesOf(invoice.id).length, 1);
});

test.serial('Stripe is down: the card stays where it is, and the answer says so', async (t) => {
  const { owner } = await buyer();
  const down = fault('status', { status: 503 });
  const refused = await world.api.request('delete', '/v1/payment-method', owner);
  world.sandbox.world.faults.remove(down.id);
  t.is(refused.status, 503);
  t.not((await methodOf(owner)).card, null);
});

const customerOf = (owner: BillingOwner) =>
  stripe().customers.find(({ metadata }) => metadata['tenant_id'] === owner.tenantId)?.id;
