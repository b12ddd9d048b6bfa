import test from 'ava';
import { type BillingWorld, onPaymentPage, quiet, startBillingWorld } from '#test/support/billing-world.ts';
import { atEndOfFile, eventually } from '#test/support/stack.ts';
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
