import { z } from 'zod';
import type { StandIn } from '../kernel/stand-in.ts';
import { checkoutBy, settle } from './checkouts.ts';
import { nowSeconds } from './http.ts';
import type { Checkout, CheckoutStatus, Merchant } from './model.ts';
import { announce, deliver } from './webhooks.ts';

const OfCheckout = z.object({ checkoutId: z.string() });
const OfEvents = z.object({ id: z.string().optional(), checkoutId: z.string().optional() });
const Alteration = OfCheckout.extend({
  amount: z.number().optional(),
  currency: z.string().optional(),
  livemode: z.boolean().optional(),
  metadata: z.record(z.string(), z.unknown()).nullable().optional(),
  status: z.enum(['pending', 'processing', 'paid', 'failed', 'canceled', 'expired']).optional(),
});
const MadeUp = OfCheckout.extend({ type: z.string(), data: z.record(z.string(), z.unknown()).optional() });

/** What payers and time do, and what a liar would: tests of a receiver need both. */
export function createActions(merchant: Merchant): NonNullable<StandIn['actions']> {
  const end = (status: CheckoutStatus) => (input: Record<string, unknown>) => {
    const checkout = checkoutBy(merchant, OfCheckout.parse(input).checkoutId);
    settle(merchant, checkout, status);
    return checkout;
  };
  return {
    pay: end('paid'),
    decline: end('failed'),
    cancel: end('canceled'),
    expire: end('expired'),
    /** The bank is asked and has not answered yet; `pay`, `decline` and `cancel` end it. Nobody is told. */
    process: (input) => {
      const checkout = checkoutBy(merchant, OfCheckout.parse(input).checkoutId);
      return Object.assign(checkout, { status: 'processing', updated_at: nowSeconds(merchant) });
    },
    /** Makes the checkout another one than was asked for: its amount, currency, metadata, mode or status. */
    alter: (input) => alter(merchant, Alteration.parse(input)),
    /** The same news once more as an event of its own, with another id. */
    announce_again: (input) => {
      const checkout = checkoutBy(merchant, OfCheckout.parse(input).checkoutId);
      announce(merchant, checkout, `checkout.${checkout.status}`);
      return checkout;
    },
    /** A well-signed event that says something else than the checkout does. */
    send_made_up: (input) => {
      const { checkoutId, type, data } = MadeUp.parse(input);
      const checkout = { ...checkoutBy(merchant, checkoutId), ...data } as Checkout;
      announce(merchant, checkout, type);
      return checkout;
    },
    redeliver: (input) => ({ redelivered: resend(merchant, input, merchant.secretKey) }),
    /** Signed by somebody who does not know the key. */
    send_forged: (input) => ({ sent: resend(merchant, input, `${merchant.secretKey}_of_somebody_else`) }),
  };
}

function alter(merchant: Merchant, { checkoutId, ...change }: z.output<typeof Alteration>): Checkout {
  const given = Object.entries(change).filter(([, value]) => value !== undefined);
  return Object.assign(checkoutBy(merchant, checkoutId), Object.fromEntries(given));
}

function resend(merchant: Merchant, input: unknown, secretKey: string): string[] {
  const { id, checkoutId } = OfEvents.parse(input);
  const events = merchant.events
    .filter((event) => !id || event.id === id)
    .filter((event) => !checkoutId || event.checkoutId === checkoutId);
  for (const event of events) deliver(merchant, event, secretKey);
  return events.map((event) => event.id);
}
