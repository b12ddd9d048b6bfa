import { z } from 'zod';
import { pageOf } from '#core/http/pagination.ts';
import { lineOfText } from '#core/text.ts';

const ShownPrice = z.object({
  interval: z.enum(['month', 'year']),
  currency: z.string().regex(/^[A-Z]{3}$/, 'must be a currency like EUR'),
  amountMinor: z.number().int().nonnegative(),
});

export const GeneratorParams = z.object({
  code: z
    .string()
    .max(60)
    .regex(/^[a-z0-9-]+$/, 'must be like cold-dm'),
});

const GeneratorDocument = z.object({
  isEnabled: z.boolean().meta({ description: 'False: nobody can use it, whatever they have bought.' }),
  dailyLimit: z.number().int().min(0).max(1_000_000).meta({ description: 'Generations a day, of one tenant.' }),
  shownPrices: z
    .array(ShownPrice)
    .max(20)
    .nullable()
    .meta({ description: 'What is shown beside it; null: the prices of the catalogue, which are what is charged.' }),
});
export type GeneratorDocument = z.output<typeof GeneratorDocument>;

export const GeneratorConfig = GeneratorDocument.extend({
  code: z.string(),
  name: z.string(),
  kind: z.enum(['blue', 'red', 'core']),
  prices: z.array(ShownPrice).meta({ description: 'What is shown: `shownPrices`, or those of the catalogue.' }),
  version: z.number().int().meta({ description: '0: as this release ships it.' }),
  updatedAt: z.iso.datetime().nullable(),
}).meta({ id: 'GeneratorConfig' });
export type GeneratorConfig = z.output<typeof GeneratorConfig>;
export const GeneratorConfigList = z.object({ items: z.array(GeneratorConfig) });

export const ReplaceGeneratorConfig = GeneratorDocument.extend({
  version: z.number().int().min(0).meta({ description: 'Of what you have seen: an edit in between is not lost.' }),
  comment: lineOfText(500).nullish().meta({ description: 'Why, for the history.' }),
});
export type ReplaceGeneratorConfig = z.output<typeof ReplaceGeneratorConfig>;

export const GeneratorConfigChange = z
  .object({
    version: z.number().int(),
    document: GeneratorDocument,
    comment: z.string().nullable(),
    author: z.object({ id: z.string(), name: z.string().nullable() }).nullable(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'GeneratorConfigChange' });
export type GeneratorConfigChange = z.output<typeof GeneratorConfigChange>;
export const GeneratorConfigChangePage = pageOf(GeneratorConfigChange);
