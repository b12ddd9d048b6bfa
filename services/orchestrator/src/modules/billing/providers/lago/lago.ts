import { z } from 'zod';
import type { Context } from '#core/context.ts';
import { ProviderRefused } from '../errors.ts';
import { LagoHttp } from './client.ts';
import {
  InvoiceAnswer,
  LagoCharge,
  LagoEndpoint,
  LagoInvoice,
  LagoMetric,
  LagoPlan,
  LagoSubscription,
  SubscriptionAnswer,
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
}

const anything = z.unknown();
const segment = encodeURIComponent;

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

    /** Ends it without a last invoice or credit note; one that is not there is over already. */
    endSubscription: async (id: string): Promise<void> => {
      const query = { on_termination_invoice: 'skip', on_termination_credit_note: 'skip' };
      for (const status of ['active', 'pending'])
        await unless(
          404,
          http.call(anything, 'DELETE', `/subscriptions/${segment(id)}`, { query: { ...query, status } }),
        );
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

    metrics: () => http.all(LagoMetric, 'billable_metrics', '/billable_metrics'),
    createMetric: async (metric: object) => {
      const schema = z.object({ billable_metric: LagoMetric });
      const body = { billable_metric: metric };
      return (await http.call(schema, 'POST', '/billable_metrics', { body })).billable_metric;
    },
    updateMetric: (code: string, metric: { name: string }) =>
      http.call(anything, 'PUT', `/billable_metrics/${segment(code)}`, { body: { billable_metric: metric } }),
    plans: () => http.all(LagoPlan, 'plans', '/plans'),
    createPlan: (plan: object) => http.call(anything, 'POST', '/plans', { body: { plan } }),
    /** Never with `charges`: a PUT that carries them deletes those it does not list. */
    updatePlan: (code: string, plan: { name: string; invoice_display_name: string }) =>
      http.call(anything, 'PUT', `/plans/${segment(code)}`, { body: { plan } }),
    createCharge: (planCode: string, charge: object) =>
      http.call(z.object({ charge: LagoCharge }), 'POST', `/plans/${segment(planCode)}/charges`, { body: { charge } }),
    endpoints: () => http.all(LagoEndpoint, 'webhook_endpoints', '/webhook_endpoints'),
    createEndpoint: (endpoint: object) =>
      http.call(anything, 'POST', '/webhook_endpoints', { body: { webhook_endpoint: endpoint } }),
    updateEndpoint: (id: string, endpoint: object) =>
      http.call(anything, 'PUT', `/webhook_endpoints/${segment(id)}`, { body: { webhook_endpoint: endpoint } }),
  };
}

async function unless(status: number, call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof ProviderRefused && error.status === status)) throw error;
  }
}
