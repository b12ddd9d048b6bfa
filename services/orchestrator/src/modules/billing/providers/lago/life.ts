import type { BillingEngine } from '../engine.ts';
import { ProviderRefused } from '../errors.ts';
import type { LagoApi } from './lago.ts';
import { toSubscription } from './neutral.ts';
import { startOfDay, switchPrice } from './proration.ts';
import type { LagoSubscription } from './shapes.ts';

type Life = Pick<
  BillingEngine,
  'changePlan' | 'keepPlan' | 'restorePlan' | 'previewChange' | 'endWithPeriod' | 'goOn' | 'endNow'
>;

const SUBSCRIPTION_GONE = 'subscription_not_found';
/** A whole number of months and years, and over any leap day. */
const BACK_YEARS = 4;
const CLOCKS_MS = 60_000;

/** What happens to a running subscription (contracts/billing.md A2; read in lago-api's services/subscriptions). */
export function lifeAtLago(api: LagoApi): Life {
  const running = async (id: string): Promise<LagoSubscription> => {
    const found = await api.readSubscription(id);
    if (found?.status === 'active') return found;
    throw new ProviderRefused('Lago', 404, SUBSCRIPTION_GONE, { id });
  };
  return {
    changePlan: async (id, planCode) => {
      const { external_customer_id: customerId } = await running(id);
      return toSubscription(await api.subscribe(order(id, customerId, planCode)));
    },
    keepPlan: (id) => api.endSubscription(id, 'pending', 'skip'),
    restorePlan: (id, planCode, switchedAt) => restorePlan(api, id, planCode, switchedAt),
    previewChange: async (id, planCode, isCredited) => {
      const remote = await running(id);
      const { external_customer_id: customerId } = remote;
      const [from, to] = [await api.readPlan(remote.plan_code), await api.readPlan(planCode)];
      const price = switchPrice({ from, to, anchor: remote.subscription_at, at: new Date() });
      const { amount_cents: usageMinor } = await api.currentUsage(customerId, id);
      let creditMinor = isCredited ? price.creditMinor : 0;
      for await (const note of api.creditNotes(customerId))
        if (note.credit_status === 'available' && note.currency === to.amount_currency)
          creditMinor += note.balance_amount_cents;
      const { chargeMinor } = price;
      return { chargeMinor, creditMinor, usageMinor, totalMinor: Math.max(0, chargeMinor + usageMinor - creditMinor) };
    },
    endWithPeriod: async (id) => {
      const { current_billing_period_ending_at: endsAt } = await running(id);
      // Its last second: Lago ends what is due before it bills the next period.
      await api.setEnd(id, endsAt);
    },
    goOn: async (id) => {
      await running(id);
      await api.setEnd(id, null);
    },
    endNow: (id) => api.endSubscription(id, 'active', 'generate'),
  };
}

/**
 * Lago has no way back from an upgrade. So what it switched to is ended without a bill, and the old plan is started as
 * something that has run for long: Lago bills such a one from the next period on. Each step finds the ones before done.
 */
async function restorePlan(api: LagoApi, id: string, planCode: string, switchedAt: Date | null): Promise<void> {
  const last = await api.readSubscription(id);
  if (!last) throw new ProviderRefused('Lago', 404, SUBSCRIPTION_GONE, { id });
  const { external_customer_id: customerId, subscription_at: anchor } = last;
  const isThere = last.status === 'active' && last.plan_code === planCode;
  if (!isThere) {
    await api.endSubscription(id, 'active', 'skip');
    await api.subscribe({ ...order(id, customerId, planCode), subscription_at: longAgo(anchor).toISOString() });
  }
  if (switchedAt) await voidCredit(api, customerId, id, switchedAt);
}

/** One that is dated today would be billed today. */
function longAgo(anchor: Date): Date {
  if (anchor < startOfDay(new Date())) return anchor;
  const earlier = new Date(anchor);
  earlier.setUTCFullYear(anchor.getUTCFullYear() - BACK_YEARS);
  return earlier;
}

/**
 * Switching credited what was left of the old plan's period, and voiding the invoice gave that credit back. The period is
 * used after all: with the credit left there, an upgrade that nobody pays would make each month cheaper.
 */
async function voidCredit(api: LagoApi, customerId: string, id: string, switchedAt: Date): Promise<void> {
  const since = switchedAt.getTime() - CLOCKS_MS;
  for await (const { lago_id: noteId, created_at: at, balance_amount_cents: left } of api.creditNotes(customerId)) {
    if (left <= 0 || at.getTime() < since) continue;
    const { items } = await api.readCreditNote(noteId);
    const isOfIt = items.length > 0 && items.every(({ fee }) => fee?.external_subscription_id === id);
    if (isOfIt) await api.voidCreditNote(noteId);
  }
}

const order = (id: string, customerId: string, planCode: string) => ({
  external_customer_id: customerId,
  plan_code: planCode,
  external_id: id,
  billing_time: 'anniversary' as const,
});
