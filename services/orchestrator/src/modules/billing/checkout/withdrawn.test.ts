import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { type BillingWorld, quiet, startBillingWorld } from '#test/support/billing-world.ts';
import { atEndOfFile, eventually } from '#test/support/stack.ts';

interface StripeState {
  sessions: { status: string; metadata: Record<string, string> }[];
}

const cleanUp = atEndOfFile(test);
let world: BillingWorld;
test.before(async () => {
  world = await startBillingWorld(cleanUp, { env: { BILLING_RECONCILE_MS: '3600000' } });
});
test.afterEach.always(() => world.sandbox.world.faults.clear());

async function ordered() {
  const owner = await world.createOwner();
  const { id } = await owner.subscribe('starter-m-eur-v1');
  return { owner, invoice: await owner.invoiceOf(id) };
}

const pagesOf = (invoiceId: string) =>
  (world.sandbox.standIns['stripe']?.state() as StripeState).sessions
    .filter(({ metadata }) => metadata['invoice_id'] === invoiceId)
    .map(({ status }) => status);

const failing = (target: string) => world.sandbox.world.faults.add({ target, kind: 'status', status: 500 });

const notPayable = (invoiceId: string) => ({
  status: 409,
  body: { error: { code: 'invoice.not_payable', details: { invoiceId, reason: 'withdrawn' } } },
});

test.serial('an order that was taken back cannot be paid, though Lago does not know of it yet', async (t) => {
  const { owner, invoice } = await ordered();
  const down = failing('lago');
  await owner.subscribe('business-m-eur-v1');
  t.like(await owner.post(`/v1/invoices/${invoice.id}/checkout`), notPayable(invoice.id));
  t.deepEqual(pagesOf(invoice.id), []);
  world.sandbox.world.faults.remove(down.id);
  await eventually('the invoice to be void', async () => {
    const { status } = await owner.get<{ status: string }>(`/v1/invoices/${invoice.id}`);
    return status === 'voided';
  });
});

test.serial('the open page of an order that was taken back is closed without waiting for Lago', async (t) => {
  const { owner, invoice } = await ordered();
  await owner.checkout(invoice.id);
  failing('lago');
  await owner.subscribe('business-m-eur-v1');
  await eventually('the page to be closed', () => Promise.resolve(pagesOf(invoice.id).join() === 'expired'));
  t.like(await owner.post(`/v1/invoices/${invoice.id}/checkout`), notPayable(invoice.id));
});

test.serial('a page that was being opened while its order was taken back is given to nobody', async (t) => {
  const { owner, invoice } = await ordered();
  world.sandbox.world.faults.add({ target: 'stripe', kind: 'latency', ms: 1500, method: 'POST', path: 'sessions$' });
  const asking = owner.post(`/v1/invoices/${invoice.id}/checkout`);
  await eventually('the attempt', () => world.app.ctx.db('payment_attempts').where({ invoice_id: invoice.id }).first());
  failing('lago');
  await owner.subscribe('business-m-eur-v1');
  t.like(await asking, notPayable(invoice.id));
  t.deepEqual(pagesOf(invoice.id), ['expired']);
});

test.serial('an order that is being taken back in the moment of the request cannot be paid', async (t) => {
  const { owner, invoice } = await ordered();
  const { asking } = await world.app.ctx.db.transaction(async (trx) => {
    await trx('subscriptions').where({ id: invoice.subscriptionId }).update({ is_withdrawn: 1 });
    const asking = owner.post(`/v1/invoices/${invoice.id}/checkout`);
    await sleep(500);
    return { asking };
  });
  t.like(await asking, notPayable(invoice.id));
  await quiet(world);
  t.deepEqual(pagesOf(invoice.id), []);
});
