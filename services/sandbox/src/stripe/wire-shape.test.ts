import test from 'ava';
import type Stripe from 'stripe';
import type * as invoicing from './billing/invoice-objects.ts';
import type * as billing from './billing/objects.ts';
import type { Refund } from './objects.ts';

/** Fields of the client's type that ours lacks although they are always there, or has with another type. */
type Differs<Ours, Theirs> = {
  [K in keyof Theirs]-?: K extends keyof Ours
    ? Ours[K] extends Theirs[K]
      ? never
      : K
    : undefined extends Theirs[K]
      ? never
      : K;
}[keyof Theirs];

/** Those, and fields of ours that the pinned version does not have, less what is known to differ. */
type Wrong<Ours, Theirs, Known extends PropertyKey> = Exclude<
  Differs<Ours, Theirs> | Exclude<keyof Ours, keyof Theirs>,
  Known
>;

const isSame = <Ours, Theirs, Known extends PropertyKey = never>(
  ..._proof: [Wrong<Ours, Theirs, Known>] extends [never] ? [] : [Wrong<Ours, Theirs, Known>]
): true => true;

// The compiler checks this: a missing, misnamed or differently typed field is an error here.
// What is named differs because the client makes a Decimal and a paging list of what comes over the wire.
test('billing objects have the fields of the client’s types for 2026-10-28.endive', (t) => {
  t.true(isSame<billing.Product, Stripe.Product>());
  t.true(isSame<billing.Price, Stripe.Price, 'unit_amount_decimal'>());
  t.true(isSame<billing.SubscriptionItem, Stripe.SubscriptionItem, 'price' | 'plan'>());
  t.true(isSame<billing.Subscription, Stripe.Subscription, 'items' | 'pending_update'>());
  t.true(isSame<invoicing.Invoice, Stripe.Invoice, 'lines'>());
  t.true(isSame<invoicing.InvoiceLine, Stripe.InvoiceLineItem, 'pricing' | 'quantity_decimal'>());
  t.true(isSame<invoicing.InvoiceItem, Stripe.InvoiceItem, 'pricing' | 'quantity_decimal'>());
  t.true(isSame<invoicing.InvoicePayment, Stripe.InvoicePayment>());
  t.true(isSame<billing.SubscriptionSchedule, Stripe.SubscriptionSchedule>());
  t.true(isSame<Refund, Stripe.Refund>());
});
