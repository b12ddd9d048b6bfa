import anyTest, { type TestFn } from 'ava';
import type Stripe from 'stripe';
import { advanceTo, at, ofEvent, shop, startStripe, type StripeUnderTest } from '../../../test/stripe.ts';

const test = anyTest as TestFn<StripeUnderTest>;

test.beforeEach(async (t) => {
  t.context = await startStripe('2026-11-03T10:00:00Z');
});
test.afterEach.always((t) => t.context.stop());

/** The big plan now, the small one from the next period on. */
async function scheduled(context: StripeUnderTest, to: 'starter' | 'yearly' = 'starter') {
  const { stripe } = context;
  const made = await shop(context);
  const { id } = await stripe.subscriptions.create({
    customer: made.customer.id,
    items: [{ price: made.business.id }],
  });
  const begun = await stripe.subscriptionSchedules.create({ from_subscription: id });
  const current = begun.phases[0];
  const schedule = await stripe.subscriptionSchedules.update(begun.id, {
    end_behavior: 'release',
    metadata: { next: to },
    phases: [
      {
        items: [{ price: made.business.id, quantity: 1 }],
        start_date: current?.start_date ?? 0,
        end_date: current?.end_date ?? 0,
      },
      { items: [{ price: made[to].id, quantity: 1 }], proration_behavior: 'none', metadata: { plan: to } },
    ],
  });
  return { ...made, id, schedule };
}

test('a downgrade waits for the end of the period and bills the small plan then', async (t) => {
  const { stripe, hooks } = t.context;
  const { id, schedule, starter, business } = await scheduled(t.context);
  t.like(schedule, { status: 'active', subscription: id, metadata: { next: 'starter' } });
  t.is(at(schedule.phases[1]?.start_date), '2026-12-03T10:00:00Z');
  t.is(at(schedule.phases[1]?.end_date), '2027-01-03T10:00:00Z');
  const before = await stripe.subscriptions.retrieve(id);
  t.is(before.schedule, schedule.id);
  t.is(before.items.data[0]?.price.id, business.id);
  t.is((await stripe.invoices.createPreview({ subscription: id })).total, 2900);
  await advanceTo(t.context, '2026-12-03T12:00:00Z');
  const after = await stripe.subscriptions.retrieve(id, { expand: ['latest_invoice'] });
  t.is(after.items.data[0]?.price.id, starter.id);
  t.is(after.metadata['plan'], 'starter');
  t.like(after.latest_invoice, { total: 2900, status: 'paid' });
  await hooks.wait(1, ofEvent('subscription_schedule.updated'));
  await advanceTo(t.context, '2027-01-04T12:00:00Z');
  const released = await stripe.subscriptionSchedules.retrieve(schedule.id);
  t.like(released, { status: 'released', subscription: null, released_subscription: id });
  const free = await stripe.subscriptions.retrieve(id, { expand: ['latest_invoice'] });
  t.like(free, { schedule: null, status: 'active' });
  t.like(free.latest_invoice, { total: 2900 });
});

test('a yearly plan after a monthly one starts its year at the boundary', async (t) => {
  const { stripe } = t.context;
  const { id } = await scheduled(t.context, 'yearly');
  await advanceTo(t.context, '2026-12-03T12:00:00Z');
  const after = await stripe.subscriptions.retrieve(id, { expand: ['latest_invoice'] });
  t.like(after.latest_invoice, { total: 29_000 });
  t.is(at(after.items.data[0]?.current_period_end), '2027-12-03T10:00:00Z');
});

test('released, the change does not happen', async (t) => {
  const { stripe } = t.context;
  const { id, schedule, business } = await scheduled(t.context);
  t.is((await stripe.subscriptionSchedules.release(schedule.id)).status, 'released');
  await advanceTo(t.context, '2026-12-03T12:00:00Z');
  t.is((await stripe.subscriptions.retrieve(id)).items.data[0]?.price.id, business.id);
  await t.throwsAsync(stripe.subscriptionSchedules.release(schedule.id), { message: /`released` status/ });
});

test('a schedule guards its subscription', async (t) => {
  const { stripe } = t.context;
  const { id, schedule } = await scheduled(t.context);
  await t.throwsAsync(stripe.subscriptions.update(id, { cancel_at_period_end: true }), {
    message: /managed by the subscription schedule/,
  });
  await t.throwsAsync(stripe.subscriptionSchedules.create({ from_subscription: id }), {
    message: /already attached to a schedule/,
  });
  const phase = { items: [{ price: schedule.phases[0]?.items[0]?.price as string }] };
  await t.throwsAsync(
    stripe.subscriptionSchedules.update(schedule.id, { phases: [{ ...phase, start_date: 1, end_date: 2 }] }),
    { message: /start date of the current phase/ },
  );
  await t.throwsAsync(
    stripe.subscriptionSchedules.update(schedule.id, {
      phases: [{ ...phase, iterations: 1 } as object],
    } as Stripe.SubscriptionScheduleUpdateParams),
    { code: 'parameter_unknown' },
  );
  t.is((await stripe.subscriptionSchedules.cancel(schedule.id)).status, 'canceled');
  t.is((await stripe.subscriptions.retrieve(id)).status, 'canceled');
});

test('end_behavior cancel ends the subscription with its last phase', async (t) => {
  const { stripe, hooks } = t.context;
  const { id, schedule } = await scheduled(t.context);
  await stripe.subscriptionSchedules.update(schedule.id, { end_behavior: 'cancel' });
  await advanceTo(t.context, '2027-01-04T12:00:00Z');
  t.is((await stripe.subscriptions.retrieve(id)).status, 'canceled');
  t.is((await stripe.subscriptionSchedules.retrieve(schedule.id)).status, 'completed');
  await hooks.wait(1, ofEvent('subscription_schedule.completed'));
});
