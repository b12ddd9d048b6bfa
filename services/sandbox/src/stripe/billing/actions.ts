import { z } from 'zod';
import type { StandIn } from '../../kernel/stand-in.ts';
import { nowSeconds, type Account } from '../account.ts';
import { cardBy } from '../cards.ts';
import { payByCard } from '../invoice-page.ts';
import { customerBy, methodBy } from '../lookups.ts';
import { authenticate, intentBy } from '../payment-intents.ts';
import { attach, createMethod } from '../payment-methods.ts';
import { emit } from '../webhooks.ts';
import { tryQuietly } from './collect.ts';
import { markUncollectible, voidInvoice } from './invoices.ts';
import { invoiceBy, subscriptionBy } from './lookups.ts';
import { endSubscription, onClosed } from './standing.ts';

const OfInvoice = z.object({ invoiceId: z.string(), card: z.string().default('pm_card_visa') });
const OfSubscription = z.object({
  subscriptionId: z.string(),
  reason: z.enum(['cancellation_requested', 'payment_failed', 'payment_disputed']).default('cancellation_requested'),
});
const OfCustomer = z.object({ customerId: z.string(), card: z.string() });
const OfMethod = z.object({ paymentMethodId: z.string(), card: z.string() });
const OfIntent = z.object({ paymentIntent: z.string(), outcome: z.enum(['paid', 'declined']) });
const Dunning = z.strictObject({
  retryDays: z.array(z.number().positive()).max(8).optional(),
  subscription: z.enum(['cancel', 'unpaid', 'past_due']).optional(),
  invoice: z.enum(['open', 'uncollectible']).optional(),
});

/** What customers, their banks and people in Stripe's dashboard do to subscriptions and invoices. */
export const billingActions = (account: Account): NonNullable<StandIn['actions']> => ({
  ...invoiceActions(account),
  ...customerActions(account),
});

function invoiceActions(account: Account): NonNullable<StandIn['actions']> {
  return {
    /** The customer pays on the hosted page of the invoice; `isPaid` says whether the card went through. */
    pay_invoice: (input) => {
      const { invoiceId, card } = OfInvoice.parse(input);
      const invoice = invoiceBy(account, invoiceId);
      return { isPaid: payByCard(account, invoice, card), invoice };
    },
    /** Stripe tries the kept card once more, before it would by itself. */
    retry_invoice: (input) => {
      const invoice = invoiceBy(account, OfInvoice.parse(input).invoiceId);
      tryQuietly(account, invoice);
      return invoice;
    },
    void_invoice: (input) => {
      const invoice = invoiceBy(account, OfInvoice.parse(input).invoiceId);
      voidInvoice(account, invoice);
      onClosed(account, invoice);
      return invoice;
    },
    write_off_invoice: (input) => {
      const invoice = invoiceBy(account, OfInvoice.parse(input).invoiceId);
      markUncollectible(account, invoice, 'user_forgiven');
      onClosed(account, invoice);
      return invoice;
    },
    cancel_subscription: (input) => {
      const { subscriptionId, reason } = OfSubscription.parse(input);
      const row = subscriptionBy(account, subscriptionId);
      endSubscription(account, row, reason);
      return row.subscription;
    },
    /** «Manage failed payments» of the dashboard; what is left out stays. */
    set_dunning: (input) => {
      const { retryDays, subscription, invoice } = Dunning.parse(input);
      account.dunning = {
        retryDays: retryDays ?? account.dunning.retryDays,
        subscription: subscription ?? account.dunning.subscription,
        invoice: invoice ?? account.dunning.invoice,
      };
      return { ...account.dunning, at: nowSeconds(account) };
    },
  };
}

function customerActions(account: Account): NonNullable<StandIn['actions']> {
  return {
    /** The customer's new default card. */
    keep_card: (input) => {
      const { customerId, card } = OfCustomer.parse(input);
      const customer = customerBy(account, customerId);
      const row = attach(account, createMethod(account, knownCard(card), customer.email), customer.id);
      const before = structuredClone(customer);
      customer.invoice_settings.default_payment_method = row.method.id;
      emit(account, 'customer.updated', customer, before);
      return row.method;
    },
    /** A card that is kept answers like another one from now on: its bank changed its mind. */
    turn_card: (input) => {
      const { paymentMethodId, card } = OfMethod.parse(input);
      const row = methodBy(account, paymentMethodId);
      row.behaviour = knownCard(card);
      return row.method;
    },
    /** The owner answers a 3-D Secure question. */
    authenticate: (input) => {
      const { paymentIntent, outcome } = OfIntent.parse(input);
      const intent = intentBy(account, paymentIntent);
      authenticate(account, intent, outcome === 'paid');
      return intent;
    },
  };
}

function knownCard(token: string) {
  const card = cardBy(token);
  if (!card) throw new Error(`The sandbox knows Stripe's test cards only, not '${token}'.`);
  return card;
}
