import { z } from 'zod';
import type { Context } from '#core/context.ts';
import { ProviderRefused } from '../errors.ts';
import { catalogueCalls } from './catalogue-calls.ts';
import { LagoHttp } from './client.ts';
import {
  InvoiceAnswer,
  LagoCreditNote,
  LagoInvoice,
  LagoSubscription,
  SubscriptionAnswer,
  UsageAnswer,
} from './shapes.ts';

interface Customer {
  external_id: string;
  name: string;
  email: string;
  currency: string;
  metadata: { key: string; value: string; display_in_invoice: boolean }[];
}

export interface LagoEvent {
  transaction_id: string;
  external_subscription_id: string;
  code: string;
  timestamp: number;
  properties: Record<string, string | number>;
}

interface NewSubscription {
  external_customer_id: string;
  plan_code: string;
  external_id: string;
  billing_time: 'anniversary';
  /** In the past: the first invoice is the next period's. */
  subscription_at?: string;
}

const anything = z.unknown();
const segment = encodeURIComponent;

export type LagoApi = ReturnType<typeof lago>;

/** The calls of Lago that we need, typed. */
export function lago(ctx: Pick<Context, 'config'>) {
  const http = new LagoHttp(ctx.config);
  const findSubscription = async (id: string, status?: string) =>
    (await http.find(SubscriptionAnswer, `/subscriptions/${segment(id)}`, status ? { status } : {}))?.subscription;
  return {
    /** Creates, or changes what is sent. */
    putCustomer: (customer: Customer) => http.call(anything, 'POST', '/customers', { body: { customer } }),

    /** The same id and plan again changes nothing. */
    subscribe: async (subscription: NewSubscription) =>
      (await http.call(SubscriptionAnswer, 'POST', '/subscriptions', { body: { subscription } })).subscription,

    /** The running one; else the one that waits; else the last that ended. */
    readSubscription: async (id: string): Promise<LagoSubscription | undefined> => {
      for (const status of [undefined, 'pending', 'terminated', 'canceled']) {
        const found = await findSubscription(id, status);
        if (found) return found;
      }
      return undefined;
    },
    activeSubscriptions: () => http.list(LagoSubscription, 'subscriptions', '/subscriptions', { status: ['active'] }),

    /** Without a credit note; one that is not there is over already. `pending` is also what waits to replace it. */
    endSubscription: (id: string, status: 'active' | 'pending', invoice: 'generate' | 'skip'): Promise<void> => {
      const query = { status, on_termination_invoice: invoice, on_termination_credit_note: 'skip' };
      return unless(404, http.call(anything, 'DELETE', `/subscriptions/${segment(id)}`, { query }));
    },
    setEnd: (id: string, endingAt: Date | null) =>
      http.call(SubscriptionAnswer, 'PUT', `/subscriptions/${segment(id)}`, {
        body: { subscription: { ending_at: endingAt?.toISOString() ?? null } },
      }),

    creditNotes: (customerId: string) =>
      http.list(LagoCreditNote, 'credit_notes', '/credit_notes', { external_customer_id: customerId }),
    readCreditNote: async (id: string) =>
      (await http.call(z.object({ credit_note: LagoCreditNote }), 'GET', `/credit_notes/${segment(id)}`)).credit_note,
    /** One of which nothing is left stays so. */
    voidCreditNote: (id: string) => unless(405, http.call(anything, 'PUT', `/credit_notes/${segment(id)}/void`)),
    currentUsage: async (customerId: string, subscriptionId: string) => {
      const query = { external_subscription_id: subscriptionId };
      const path = `/customers/${segment(customerId)}/current_usage`;
      return (await http.call(UsageAnswer, 'GET', path, { query })).customer_usage;
    },

    readInvoice: async (id: string) => (await http.find(InvoiceAnswer, `/invoices/${segment(id)}`))?.invoice,
    invoices: (query: Record<string, string>) => http.list(LagoInvoice, 'invoices', '/invoices', query),
    markPaid: (id: string, provider: string, reference: string) => {
      const metadata = [
        { key: 'payment_provider', value: provider },
        { key: 'payment_ref', value: reference },
      ];
      const body = { invoice: { payment_status: 'succeeded', metadata } };
      return http.call(anything, 'PUT', `/invoices/${segment(id)}`, { body });
    },
    /** One that is voided already stays so. */
    voidInvoice: (id: string) => unless(405, http.call(anything, 'POST', `/invoices/${segment(id)}/void`)),

    sendEvents: (events: readonly LagoEvent[]) => http.call(anything, 'POST', '/events/batch', { body: { events } }),

    ...catalogueCalls(http),
  };
}

async function unless(status: number, call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof ProviderRefused && error.status === status)) throw error;
  }
}
