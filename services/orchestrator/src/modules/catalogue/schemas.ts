import { z } from 'zod';
import { defineEvent } from '#core/jobs/define.ts';
import { intervalSchema, lineSchema } from './file-schema.ts';

export { lineSchema } from './file-schema.ts';
export type { Entitlements } from './entitlement-keys.ts';
export type { Catalogue, Charge, Line, Metric, Plan, Price } from './parse.ts';

/** A tenant's rights have become others; whoever keeps a copy reads them again. */
export const entitlementsChanged = defineEvent({
  name: 'catalogue.entitlements_changed',
  schema: z.object({ tenantId: z.string(), seq: z.number().int() }),
  key: ({ tenantId, seq }) => `${tenantId}/${seq}`,
  attempts: 20,
});

const text = z.object({ en: z.string(), fr: z.string() });
const entitlement = z
  .union([z.number(), z.boolean(), z.string(), z.array(z.string()), z.null()])
  .meta({ description: 'null = unlimited; a list may be the word all.' });
const unlockStep = z.object({ afterDays: z.number().int(), generators: z.array(z.string()) });

export const PriceView = z
  .object({
    code: z.string(),
    interval: intervalSchema,
    currency: z.string(),
    amountMinor: z.number().int().meta({ description: 'In minor units: 2900 is 29.00.' }),
  })
  .meta({ id: 'Price' });

export const PlanView = z
  .object({
    key: z.string(),
    line: lineSchema,
    name: text,
    description: text,
    isDefault: z.boolean().meta({ description: 'Every tenant has it without buying.' }),
    entitlements: z.record(z.string(), entitlement),
    unlock: z.array(unlockStep).meta({ description: 'Generators that are added so many days after the purchase.' }),
    prices: z.array(PriceView).meta({ description: 'Empty = on request.' }),
  })
  .meta({ id: 'Plan' });

export const PlanList = z.object({ items: z.array(PlanView) });

export const EntitlementsView = z
  .object({
    entitlements: z.record(z.string(), entitlement),
    limits: z.array(
      z.object({
        key: z.string(),
        limit: z.number().int().nullable().meta({ description: 'null = unlimited.' }),
        used: z.number().int(),
      }),
    ),
    sources: z.array(
      z.object({ subscriptionId: z.string(), planKey: z.string(), priceCode: z.string(), since: z.iso.datetime() }),
    ),
  })
  .meta({ id: 'Entitlements' });
