import test from 'ava';
import { type BillingWorld, onPaymentPage, quiet, startBillingWorld } from '#test/support/billing-world.ts';
import { atEnd, atEndOfFile, eventually } from '#test/support/stack.ts';
import { entitlementsOf } from '#modules/catalogue/service.ts';
import type { Subscription } from './subscriptions/schemas.ts';

const cleanUp = atEndOfFile(test);
let world: BillingWorld;
test.before(async () => {
  world = await startBillingWorld(cleanUp);
});

test('a new tenant gets the free plans, and their rights with the paid zero invoices', async (t) => {
  const owner = await world.createOwner('DZD');
  const rights = await eventually('the free rights', async () => {
    const rights = await entitlementsOf(owner.ctx);
    return rights.llm_tier === 'free' && rights.agents === 5 && rights;
  });
  t.is(rights.sites, 0);
  const { items } = await owner.get<{ items: Subscription[] }>('/v1/subscriptions');
  t.deepEqual(items.map(({ priceCode }) => priceCode).sort(), ['agents-free-m-dzd-v1', 'llm-free-m-dzd-v1']);
  t.true(items.every(({ status, isPaid, isDefault }) => status === 'active' && isPaid && isDefault));
});

test('subscribe, invoice, payment page, paid: rights rise with the payment and not before', async (t) => {
  const owner = await world.createOwner();
  const { id, status } = await owner.subscribe('business-m-eur-v1');
  t.is(status, 'pending');
  const invoice = await owner.invoiceOf(id);
  t.like(invoice, { totalMinor: 9900, currency: 'EUR', paymentStatus: 'pending', description: 'Business' });
  t.is((await entitlementsOf(owner.ctx)).sites, 0);
  const { url } = await owner.checkout(invoice.id);
  t.is(await onPaymentPage(url, 'paid'), 303);
  await owner.paid(invoice.id);
  t.like(await entitlementsOf(owner.ctx), { sites: 3, users_per_site: 25, apps: ['erpnext', 'crm', 'hrms'] });
  t.like(await owner.get(`/v1/subscriptions/${id}`), { status: 'active', isPaid: true });
  await quiet(world);
  t.is(world.events.filter((event) => event === `billing.invoice_paid ${invoice.id}`).length, 1);
});

interface Providers {
  invoices: { lago_id: string; payment_status: string; status: string; total_amount_cents: number }[];
  subscriptions: { external_id: string; status: string; plan_code: string }[];
  intents: { id: string; status: string; amount: number }[];
  checkouts: { id: string; status: string }[];
}

const stateOf = (w: BillingWorld, name: 'lago' | 'stripe' | 'chargily') =>
  w.sandbox.standIns[name]?.state() as Providers;

/** What a person does at an answer that asks to come back later. */
async function insist<T>(what: string, work: () => Promise<T>): Promise<T> {
  const { answer } = await eventually(
    what,
    () =>
      work()
        .then((answer) => ({ answer }))
        .catch(() => undefined),
    60_000,
  );
  return answer;
}

test('many tenants at once, with every call and webhook failing now and then: everybody has exactly what they paid', async (t) => {
  t.timeout(180_000);
  const stormy = await startBillingWorld(atEnd(t), { env: { BILLING_RECONCILE_MS: '1000' } });
  const { faults } = stormy.sandbox.world;
  for (const target of ['lago', 'stripe', 'chargily']) {
    for (const kind of ['drop_after', 'drop_before', 'status'])
      faults.add({ target, kind, probability: 0.06, path: '/v[12]/' });
    faults.add({ target, kind: 'webhook_lose', probability: 0.3 });
    faults.add({ target, kind: 'webhook_duplicate', probability: 0.3 });
    faults.add({ target, kind: 'webhook_reorder', probability: 0.2 });
  }
  const prices = ['starter-m-eur-v1', 'business-m-eur-v1', 'llm-pro-m-usd-v1', 'llm-student-m-dzd-v1'];
  const owners = await Promise.all(Array.from({ length: 10 }, () => stormy.createOwner()));
  const bought = await Promise.all(
    owners.map(async (owner, index) => {
      const priceCode = prices[index % prices.length] ?? '';
      const { id } = await insist('an order', () => owner.subscribe(priceCode));
      const invoice = await insist('an invoice', () => owner.invoiceOf(id));
      // Every third does not pay.
      if (index % 3 === 2) return { owner, invoice, isPaid: false };
      const provider = invoice.currency === 'DZD' ? 'chargily' : 'stripe';
      const { url } = await insist('a payment page', () => owner.checkout(invoice.id, { provider }));
      await onPaymentPage(url, 'paid');
      return { owner, invoice: await insist('the payment', () => owner.paid(invoice.id)), isPaid: true };
    }),
  );
  faults.clear();
  await eventually('the copies to say what the owners say', async () => {
    const { db } = stormy.app.ctx;
    const invoices = await db<{ lago_id: string; payment_status: string; status: string }>('invoices');
    const there = stateOf(stormy, 'lago').invoices;
    return (
      invoices.length === there.length &&
      there.every((remote) =>
        invoices.some(
          (row) =>
            row.lago_id === remote.lago_id &&
            row.payment_status === remote.payment_status &&
            row.status === remote.status,
        ),
      )
    );
  });
  await quiet(stormy);
  for (const { owner, invoice, isPaid } of bought) {
    const rights = await entitlementsOf(owner.ctx);
    t.is(rights.sites !== 0 || rights.llm_tier !== 'free', isPaid);
    t.is(rights.agents, 5);
    const payments = await owner.ctx.db('payments').where({ invoice_id: invoice.id });
    t.is(payments.length, isPaid ? 1 : 0);
    t.is(stormy.events.filter((event) => event === `billing.invoice_paid ${invoice.id}`).length, isPaid ? 1 : 0);
  }
  const ledger: { provider_payment_id: string }[] = await stormy.app.ctx.db('payments');
  const charged = stateOf(stormy, 'stripe').intents.filter(({ status }) => status === 'succeeded');
  const inDinars = stateOf(stormy, 'chargily').checkouts.filter(({ status }) => status === 'paid');
  t.true(inDinars.length > 0);
  t.deepEqual(
    ledger.map((row) => row.provider_payment_id).sort(),
    [...charged, ...inDinars].map(({ id }) => id).sort(),
  );
  const failed = await stormy.app.ctx
    .db<{ job: string; state: string; error: string }>('outbox')
    .where({ state: 'failed' });
  t.deepEqual(
    failed.map(({ job, error }) => `${job}: ${error}`),
    [],
  );
});
