import type { Context } from '#core/context.ts';

interface Row {
  tenant_id: string;
  provider: string;
  provider_customer_id: string;
}

/** Who a tenant is at each payment provider. */
export function paymentCustomers({ db }: Context, tenantId: string) {
  return {
    find: async (provider: string): Promise<string | undefined> => {
      const row = await db<Row>('payment_customers').where({ tenant_id: tenantId, provider }).first();
      return row?.provider_customer_id;
    },
    /** The first one stays. */
    keep: async (provider: string, id: string): Promise<void> => {
      await db<Row>('payment_customers')
        .insert({ tenant_id: tenantId, provider, provider_customer_id: id })
        .onConflict(['tenant_id', 'provider'])
        .ignore();
    },
  };
}
