import type { Context, TenantContext } from '#core/context.ts';
import { ownersOf } from '#modules/identity/members/service.ts';
import { getTenant } from '#modules/identity/tenants/service.ts';
import type { PaymentGateway, Provider } from '../gateways/gateway.ts';

interface Row {
  tenant_id: string;
  provider: Provider;
  provider_customer_id: string;
}

/** Who a tenant is at each payment provider. */
export function paymentCustomers({ db }: Context, tenantId: string) {
  return {
    find: async (provider: Provider): Promise<string | undefined> => {
      const row = await db<Row>('payment_customers').where({ tenant_id: tenantId, provider }).first();
      return row?.provider_customer_id;
    },
    /** The first one stays. */
    keep: async (provider: Provider, id: string): Promise<void> => {
      await db<Row>('payment_customers')
        .insert({ tenant_id: tenantId, provider, provider_customer_id: id })
        .onConflict(['tenant_id', 'provider'])
        .ignore();
    },
  };
}

/** Of all tenants: whose customer this is. */
export async function tenantOfPaymentCustomer(
  { db }: Context,
  provider: Provider,
  customerId: string,
): Promise<string | undefined> {
  const row = await db<Row>('payment_customers').where({ provider, provider_customer_id: customerId }).first();
  return row?.tenant_id;
}

/** Who the tenant is at the provider, made there at the first need; null where a provider has no customers. */
export async function customerAt(ctx: TenantContext, gateway: PaymentGateway): Promise<string | null> {
  const { provider } = gateway;
  if (!gateway.createCustomer) return null;
  const known = paymentCustomers(ctx, ctx.tenantId);
  const existing = await known.find(provider);
  if (existing) return existing;
  const tenant = await getTenant(ctx, ctx.tenantId);
  const [owner] = await ownersOf(ctx);
  const created = await gateway.createCustomer({ tenantId: tenant.id, name: tenant.name, email: owner?.email ?? '' });
  await known.keep(provider, created);
  return (await known.find(provider)) ?? created;
}
