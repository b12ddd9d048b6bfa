import test from 'ava';
import type { TenantContext } from '#core/context.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { type BillingOwner, type BillingWorld, quiet, startBillingWorld } from '#test/support/billing-world.ts';
import { type Cut, cutting } from '#test/support/cut.ts';
import {
  BUSINESS,
  STARTER,
  activeAtLago,
  buy,
  lagoOf,
  mailsOf,
  pay,
  read,
  upgrade,
  waitFor,
} from '#test/support/plans.ts';
import { atEndOfFile } from '#test/support/stack.ts';
import { entitlementsOf } from '#modules/catalogue/service.ts';
import { forTenant } from '../../customers.ts';
import { carry } from './carry.ts';
import { subscriptionChanges } from './queries.ts';
import { cancelSubscription, changePlan, resumeSubscription } from './service.ts';

const TOGETHER = 5;
const cleanUp = atEndOfFile(test);
let world: BillingWorld;
test.before(async () => {
  world = await startBillingWorld(cleanUp, { env: { BILLING_RECONCILE_MS: '3600000' } });
});

/** Asks, keeps the job from the worker, and does its work here: once until it is cut off, then until it is through. */
async function interrupted(
  owner: BillingOwner,
  id: string,
  cut: Cut,
  ask: (ctx: TenantContext) => Promise<unknown>,
): Promise<boolean> {
  const { ctx } = owner;
  await withTransaction(ctx, async (ctx) => {
    await ask(ctx);
    await ctx.db('outbox').where({ tenant_id: ctx.tenantId, job: 'billing.carry_change' }).update({ state: 'done' });
  });
  const change = await subscriptionChanges(ctx, ctx.tenantId).openOf(id);
  if (!change) throw new Error('nothing was asked for');
  const work = (ctx: TenantContext) => carry(ctx, change.id);
  const { struck } = await forTenant(ctx, ctx.tenantId, (ctx) => cutting(ctx, cut, work));
  await forTenant(ctx, ctx.tenantId, work);
  await forTenant(ctx, ctx.tenantId, work);
  return struck;
}

/** Everything that can happen to a subscription, each time cut off at the same step. */
async function live(cut: Cut): Promise<{ wasStruck: boolean; story: string; mails: string }> {
  const owner = await world.createOwner();
  const { id } = await buy(owner, STARTER);
  const ask = (what: (ctx: TenantContext) => Promise<unknown>) => interrupted(owner, id, cut, what);
  const seen: boolean[] = [];
  const note = async (what: (ctx: TenantContext) => Promise<unknown>) => {
    seen.push(await ask(what));
    const { priceCode, paidPriceCode, change, next, endsAt, status } = await read(owner, id);
    const { kind, state } = change ?? {};
    const rights = (await entitlementsOf(owner.ctx)).sites;
    const there = activeAtLago(world, id).join();
    return [priceCode, paidPriceCode, kind, state, next?.priceCode, endsAt !== null, status, rights, there].join(' ');
  };
  const trace = [
    await note((ctx) => changePlan(ctx, id, { priceCode: BUSINESS })),
    await note((ctx) => resumeSubscription(ctx, id)),
    await note((ctx) => cancelSubscription(ctx, id, { when: 'period_end' })),
    await note((ctx) => resumeSubscription(ctx, id)),
  ];
  const second = await upgrade(owner, id);
  await pay(owner, second.id);
  await waitFor(owner, id, 'the dearer plan', ({ paidPriceCode }) => paidPriceCode === BUSINESS);
  trace.push(
    await note((ctx) => changePlan(ctx, id, { priceCode: STARTER })),
    await note((ctx) => resumeSubscription(ctx, id)),
    await note((ctx) => cancelSubscription(ctx, id, { when: 'now' })),
  );
  const bills = lagoOf(world)
    .invoices.filter((row) => row.customer.external_id === owner.tenantId && row.total_amount_cents > 0)
    .map(({ total_amount_cents: total, status, payment_status: paid }) => `${total} ${status} ${paid}`);
  const story = [...trace, ...bills.sort()].join('\n');
  return { wasStruck: seen.includes(true), story, mails: (await mailsOf(owner)).sort().join() };
}

test('cut off before or after any call and any transaction, each change ends as if it had not been', async (t) => {
  t.timeout(300_000);
  const whole = await live({ at: Infinity, when: 'before' });
  t.false(whole.wasStruck);
  t.is(
    whole.story,
    [
      `${BUSINESS} ${STARTER} upgrade awaiting_payment  false active 1 ${BUSINESS}`,
      `${STARTER} ${STARTER}    false active 1 ${STARTER}`,
      `${STARTER} ${STARTER} cancel scheduled  true active 1 ${STARTER}`,
      `${STARTER} ${STARTER}    false active 1 ${STARTER}`,
      `${BUSINESS} ${BUSINESS} downgrade scheduled ${STARTER} false active 3 ${BUSINESS}`,
      `${BUSINESS} ${BUSINESS}    false active 3 ${BUSINESS}`,
      `${BUSINESS} ${BUSINESS}    false terminated 0 `,
      '2900 finalized succeeded',
      '7000 voided pending',
      '9900 finalized succeeded',
    ].join('\n'),
  );
  let isMore = true;
  let at = 1;
  while (isMore) {
    const cuts = Array.from({ length: TOGETHER }, (_, index) => at + index).flatMap((at): Cut[] => [
      { at, when: 'before' },
      { at, when: 'after' },
    ]);
    const lives = await Promise.all(cuts.map(live));
    for (const [index, one] of lives.entries()) {
      t.is(one.story, whole.story, JSON.stringify(cuts[index]));
      t.is(one.mails, whole.mails, JSON.stringify(cuts[index]));
    }
    isMore = lives.at(-1)?.wasStruck ?? false;
    at += TOGETHER;
  }
  t.log(`cut off at each of up to ${at - 1} steps`);
  await quiet(world);
});
