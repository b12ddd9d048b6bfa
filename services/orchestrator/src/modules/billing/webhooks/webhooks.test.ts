import test, { type ExecutionContext } from 'ava';
import {
  type BillingOwner,
  type BillingWorld,
  endState,
  onPaymentPage,
  quiet,
  startBillingWorld,
} from '#test/support/billing-world.ts';
import { atEnd, eventually } from '#test/support/stack.ts';
import { entitlementsOf } from '#modules/catalogue/service.ts';

interface Options {
  env?: Record<string, string>;
  isDeaf?: boolean;
  fault?: 'webhook_duplicate' | 'webhook_reorder' | 'webhook_delay';
}

/** Two tenants: one buys a plan and pays, one orders, changes its mind and pays the other plan. */
async function live(t: ExecutionContext, { fault, ...options }: Options) {
  const world = await startBillingWorld(atEnd(t), {
    env: { BILLING_RECONCILE_MS: '3600000', ...options.env },
    ...options,
  });
  if (fault)
    for (const target of ['lago', 'stripe', 'chargily'])
      world.sandbox.world.faults.add({ target, kind: fault, ms: 400 });
  const [buyer, undecided] = [await world.createOwner(), await world.createOwner('DZD')];
  await buy(buyer, 'business-m-eur-v1');
  const first = await undecided.subscribe('llm-pro-m-usd-v1');
  await undecided.invoiceOf(first.id);
  await buy(undecided, 'llm-student-m-dzd-v1', 'chargily');
  await eventually('the first order to be taken back', async () => {
    const row = await world.app.ctx.db('invoices').where({ subscription_id: first.id }).first<{ status: string }>();
    return row.status === 'voided';
  });
  await eventually('the free plans', async () => (await entitlementsOf(buyer.ctx)).agents === 5);
  await quiet(world);
  return { world, states: [await endState(buyer), await endState(undecided)] };
}

async function buy(owner: BillingOwner, priceCode: string, provider: 'stripe' | 'chargily' = 'stripe'): Promise<void> {
  const { id } = await owner.subscribe(priceCode);
  const invoice = await owner.invoiceOf(id);
  const { url } = await owner.checkout(invoice.id, { provider });
  await onPaymentPage(url, 'paid');
  await owner.paid(invoice.id);
}

const once = (world: BillingWorld, name: string) => {
  const events = world.events.filter((event) => event.startsWith(name));
  return events.length === new Set(events).size;
};

test('lost, doubled, delayed and reordered webhooks lead to the same end state', async (t) => {
  t.timeout(180_000);
  const { states: expected } = await live(t, {});
  t.like(expected[0], { entitlements: { sites: 3, agents: 5, llm_tier: 'free' } });
  t.like(expected[1], { entitlements: { sites: 0, llm_tier: 'student', llm_messages_per_day: 200 } });
  const cases: Record<string, Options> = {
    lost: { isDeaf: true, env: { BILLING_RECONCILE_MS: '1000' } },
    doubled: { fault: 'webhook_duplicate' },
    delayed: { fault: 'webhook_delay' },
    reordered: { fault: 'webhook_reorder' },
  };
  for (const [name, options] of Object.entries(cases)) {
    const { world, states } = await live(t, options);
    t.deepEqual(states, expected, name);
    for (const event of ['billing.invoice_paid', 'billing.invoice_issued', 'billing.subscription_started'])
      t.true(once(world, event), `${name}: ${event} twice`);
    const failed = await world.app.ctx.db('outbox').where({ state: 'failed' }).select('job', 'error');
    t.deepEqual(failed, [], name);
  }
});

test('a webhook that comes again, days later, changes nothing', async (t) => {
  const { world, states } = await live(t, {});
  const before = world.events.length;
  world.lago('redeliver', {});
  world.stripe('redeliver', {});
  world.chargily('redeliver', {});
  await quiet(world);
  const inbox = await world.app.ctx.db('inbox').count<{ count: number }[]>({ count: '*' });
  t.true((inbox[0]?.count ?? 0) > 0);
  t.is(world.events.length, before);
  const [buyer] = states;
  t.like(buyer, { entitlements: { sites: 3 } });
});

test('a webhook about strangers is handled and changes nothing', async (t) => {
  const world = await startBillingWorld(atEnd(t), { schedules: [] });
  const lago = (path: string, body: unknown) =>
    fetch(`${world.sandbox.urls.lago}/api/v1${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${world.app.config.LAGO_API_KEY}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify(body),
    });
  await lago('/customers', { customer: { external_id: 'somebody', currency: 'EUR' } });
  await lago('/subscriptions', {
    subscription: { external_customer_id: 'somebody', plan_code: 'starter-m-eur-v1', external_id: 'theirs' },
  });
  const handled = await eventually('the webhooks to be handled', async () => {
    const rows: { handled_at: Date | null; outcome: string }[] = await world.app.ctx.db('inbox');
    return rows.length >= 3 && rows.every((row) => row.handled_at !== null) && rows;
  });
  t.true(handled.every(({ outcome }) => outcome.startsWith('ignored')));
  t.is((await world.app.ctx.db('invoices')).length, 0);
});
