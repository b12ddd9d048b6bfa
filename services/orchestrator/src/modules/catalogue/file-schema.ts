import { z } from 'zod';
import { grantsSchema } from './entitlement-keys.ts';

const code = z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'must be lower-case words joined by -');
const metricCode = z.string().regex(/^[a-z0-9_]+$/, 'must be lower-case words joined by _');
export const currency = z.string().regex(/^[A-Z]{3}$/, 'must be a currency like EUR');
const text = z.strictObject({ en: z.string().min(1), fr: z.string().min(1) });
/** In currency units, as a string: a float would not be exact. */
const decimal = z.string().regex(/^\d+(\.\d+)?$/, "must be a decimal in quotes, like '0.01'");
const perCurrency = <S extends z.ZodType>(schema: S) => z.record(currency, schema);

export const lineSchema = z.enum(['sites', 'generators', 'llm', 'agents']);
export const intervalSchema = z.enum(['month', 'year']);

export const metricSchema = z.strictObject({
  code: metricCode,
  line: lineSchema,
  name: text,
  aggregation: z.enum(['sum', 'max', 'count', 'latest', 'unique']),
  field: z.string().min(1).optional(),
});

export const generatorSchema = z.strictObject({
  code,
  name: z.string().min(1),
  kind: z.enum(['blue', 'red', 'core']),
});

const priceSchema = z.strictObject({
  interval: intervalSchema,
  currency,
  amount: z.number().int('must be whole minor units').nonnegative(),
});

export const chargeSchema = z.discriminatedUnion('model', [
  z.strictObject({ metric: metricCode, model: z.literal('standard'), unit: perCurrency(decimal) }),
  z.strictObject({
    metric: metricCode,
    model: z.literal('package'),
    package: perCurrency(decimal),
    size: z.number().int().positive(),
    free: z.number().int().nonnegative().default(0),
  }),
  z.strictObject({
    metric: metricCode,
    model: z.literal('graduated'),
    tiers: perCurrency(
      z
        .array(
          z.strictObject({
            upTo: z.number().int().positive().nullable(),
            unit: decimal,
            flat: decimal.default('0'),
          }),
        )
        .min(1),
    ),
  }),
]);

export const planSchema = z.strictObject({
  key: code,
  line: lineSchema,
  revision: z.number().int().positive(),
  default: z.boolean().default(false),
  hidden: z.boolean().default(false),
  name: text,
  description: text,
  entitlements: grantsSchema,
  unlock: z
    .array(z.strictObject({ afterDays: z.number().int().positive(), generators: z.array(code).min(1) }))
    .default([]),
  prices: z.array(priceSchema),
  charges: z.array(chargeSchema).default([]),
});

export const fileSchema = z.strictObject({
  version: z.literal(1),
  currencies: z.array(currency).min(1),
  tiers: z.array(z.string().min(1)).min(1),
  metrics: z.array(metricSchema),
  generators: z.array(generatorSchema),
  /** Each is parsed on its own, so that a mistake in one does not hide those of the others. */
  plans: z.array(z.record(z.string(), z.unknown())).min(1),
});
