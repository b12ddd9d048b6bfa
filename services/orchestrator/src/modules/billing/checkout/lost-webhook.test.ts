import test from 'ava';
import { type BillingWorld, onPaymentPage, quiet, startBillingWorld } from '#test/support/billing-world.ts';
import { atEndOfFile } from '#test/support/stack.ts';

interface Look {
  id: number;
  job: string;
  key: string;
  state: string;
  run_at: Date;
}

const cleanUp = atEndOfFile(test);
let world: BillingWorld;
test.before(async () => {
  world = await startBillingWorld(cleanUp, { env: { BILLING_RECONCILE_MS: '3600000' } });
});

const looksAt = (attemptId: string) =>
  world.app.ctx
    .db<Look>('outbox')
    .where({ job: 'billing.check_attempt' })
    .where('key', 'like', `%${attemptId}%`)
    .orderBy('run_at');

const makeDue = (ids: number[]) =>
  world.app.ctx
    .db('outbox')
    .whereIn('id', ids)
    .update({ run_at: world.app.ctx.db.fn.now(3) });

async function opened() {
  const owner = await world.createOwner();
  const { id } = await owner.subscribe('starter-m-eur-v1');
  const invoice = await owner.invoiceOf(id);
  return { owner, invoice, page: await owner.checkout(invoice.id) };
}

test.serial(
  'an open page is looked at 30 s, 2 min and 5 min after it was made, however often it is asked for',
  async (t) => {
    const asked = Date.now();
    const { owner, invoice, page } = await opened();
    await Promise.all([1, 2, 3].map(() => owner.checkout(invoice.id)));
    const looks = await looksAt(page.attemptId);
    t.is(looks.length, 3);
    for (const [index, afterS] of [30, 120, 300].entries()) {
      const inS = ((looks[index]?.run_at.getTime() ?? 0) - asked) / 1000;
      t.true(inS >= afterS - 1 && inS < afterS + 15, `${inS}`);
    }
  },
);

test.serial('a payment whose webhook was lost is found by the first look; the others change nothing', async (t) => {
  const { owner, invoice, page } = await opened();
  world.sandbox.world.faults.add({ target: 'stripe', kind: 'webhook_lose', path: invoice.id });
  await onPaymentPage(page.url, 'paid');
  await quiet(world);
  t.like(await owner.get(`/v1/invoices/${invoice.id}`), { paymentStatus: 'pending' });
  const [first, ...others] = await looksAt(page.attemptId);
  await makeDue(first ? [first.id] : []);
  await owner.paid(invoice.id);
  await makeDue(others.map(({ id }) => id));
  await quiet(world);
  t.deepEqual(
    (await looksAt(page.attemptId)).map(({ state }) => state),
    ['done', 'done', 'done'],
  );
  t.is((await world.app.ctx.db('payments').where({ invoice_id: invoice.id })).length, 1);
});
