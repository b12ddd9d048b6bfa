import type { Context } from '#core/context.ts';
import type { BillingEngine, UsageEvent, UsageVerdict } from '../engine.ts';
import { ProviderRefused } from '../errors.ts';
import { lago } from './lago.ts';
import { lifeAtLago } from './life.ts';
import { toInvoice, toSubscription, toSummary } from './neutral.ts';
import { compareWithLago } from './publish/compare.ts';
import type { LagoInvoice, LagoSubscription } from './shapes.ts';
import { knownIndexes, toLagoEvent } from './usage.ts';

/** Lago owns subscriptions and invoices; we collect what it bills (contracts/billing.md F3). */
export function lagoEngine(ctx: Pick<Context, 'config'>): BillingEngine {
  const api = lago(ctx);
  return {
    name: 'Lago',
    collects: 'us',

    putCustomer: async ({ id, name, email, currency, tenantSlug }) => {
      const metadata = [{ key: 'tenant', value: tenantSlug, display_in_invoice: false }];
      await api.putCustomer({ external_id: id, name, email, currency, metadata });
    },
    subscribe: async ({ id, customerId, planCode }) =>
      toSubscription(
        await api.subscribe({
          external_customer_id: customerId,
          plan_code: planCode,
          external_id: id,
          billing_time: 'anniversary',
        }),
      ),
    readSubscription: async (id) => {
      const found = await api.readSubscription(id);
      return found && toSubscription(found);
    },
    activeSubscriptions: () => each(api.activeSubscriptions(), (row: LagoSubscription) => toSubscription(row)),
    dropSubscription: async (id) => {
      for (const status of ['active', 'pending'] as const) await api.endSubscription(id, status, 'skip');
    },
    ...lifeAtLago(api),

    readInvoice: async (id) => {
      const found = await api.readInvoice(id);
      return found && toInvoice(found);
    },
    invoicesOf: (customerId) => summaries(api.invoices({ external_customer_id: customerId })),
    unpaidInvoices: async function* () {
      for (const status of ['pending', 'failed'])
        yield* summaries(api.invoices({ payment_status: status, status: 'finalized' }));
    },
    invoicesSince: (day) => summaries(api.invoices({ issuing_date_from: day.toISOString().slice(0, 10) })),
    markPaid: async (id, { provider, reference }) => {
      await api.markPaid(id, provider, reference);
    },
    voidInvoice: (id) => api.voidInvoice(id),

    sendUsage: async (events) => verdictOf(() => api.sendEvents(events.map(toLagoEvent)), events),
    compareCatalogue: (sold) => compareWithLago(ctx, sold),
  };
}

async function verdictOf(send: () => Promise<unknown>, events: readonly UsageEvent[]): Promise<UsageVerdict> {
  try {
    await send();
    return { state: 'taken' };
  } catch (error) {
    if (!(error instanceof ProviderRefused && error.status === 422)) throw error;
    const indexes = knownIndexes(error.details, events.length);
    return indexes.size > 0 ? { state: 'known', indexes } : { state: 'refused', error };
  }
}

const summaries = (rows: AsyncIterable<LagoInvoice>) => each(rows, toSummary);

async function* each<A, B>(rows: AsyncIterable<A>, turn: (row: A) => B): AsyncGenerator<B> {
  for await (const row of rows) yield turn(row);
}
