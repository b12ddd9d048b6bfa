import type { Context } from '#core/context.ts';
import type { Provider, SavedCard } from '../gateways/gateway.ts';

export interface CardRow {
  tenant_id: string;
  provider: Provider;
  provider_method_id: string;
  brand: string;
  last4: string;
  exp_month: number;
  exp_year: number;
  saved_at: Date;
}

export function savedCards({ db }: Context, tenantId: string) {
  const mine = () => db<CardRow>('saved_cards').where({ tenant_id: tenantId });
  return {
    find: () => mine().first(),
    remove: (methodId: string) => mine().where({ provider_method_id: methodId }).delete(),
    removeOf: (provider: Provider) => mine().where({ provider }).delete(),
    put: async (provider: Provider, card: SavedCard): Promise<void> => {
      const shown = { brand: card.brand, last4: card.last4, exp_month: card.expMonth, exp_year: card.expYear };
      const row = { provider_method_id: card.methodId, ...shown };
      await db('saved_cards')
        .insert({ tenant_id: tenantId, provider, ...row })
        .onConflict(['tenant_id', 'provider'])
        .merge(row);
    },
  };
}

/** Of all tenants: whose card this was. */
export async function tenantOfCard({ db }: Context, provider: Provider, methodId: string): Promise<string | undefined> {
  const row = await db<CardRow>('saved_cards').where({ provider, provider_method_id: methodId }).first();
  return row?.tenant_id;
}
