import { z } from 'zod';
import { pageOf } from '#core/http/pagination.ts';
import { idSchema } from '#core/ids.ts';
import { lineOfText } from '#core/text.ts';

const FlagKey = z
  .string()
  .max(60)
  .regex(/^[a-z0-9]+(?:[-_][a-z0-9]+)*$/, 'must be lower-case words joined by - or _');
export const FlagParams = z.object({ flag: FlagKey });

const tenantIds = z.array(idSchema('tenant')).max(500);

const FlagDocument = z.object({
  description: lineOfText(500),
  rolloutPercent: z.number().int().min(0).max(100).meta({
    description: 'Of the tenants. Which ones depends on their ids: raising it takes none of them out.',
  }),
  on: tenantIds.meta({ description: 'On for these, whatever the percentage.' }),
  off: tenantIds.meta({ description: 'Off for these, whatever the percentage.' }),
});
export type FlagDocument = z.output<typeof FlagDocument>;

export const Flag = FlagDocument.extend({
  key: z.string(),
  version: z.number().int(),
  updatedAt: z.iso.datetime(),
}).meta({ id: 'Flag' });
export type Flag = z.output<typeof Flag>;
export const FlagList = z.object({ items: z.array(Flag) });

export const ReplaceFlag = FlagDocument.extend({
  version: z.number().int().min(0).meta({
    description: 'Of the flag that you have seen, 0 for a new one: an edit in between is not lost.',
  }),
  comment: lineOfText(500).nullish().meta({ description: 'Why, for the history.' }),
});
export type ReplaceFlag = z.output<typeof ReplaceFlag>;

export const FlagChange = z
  .object({
    version: z.number().int(),
    document: FlagDocument,
    comment: z.string().nullable(),
    author: z.object({ id: z.string(), name: z.string().nullable() }).nullable(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'FlagChange' });
export type FlagChange = z.output<typeof FlagChange>;
export const FlagChangePage = pageOf(FlagChange);

export const FlagsOn = z
  .object({ items: z.array(z.string()).meta({ description: 'Those that are on for the tenant.' }) })
  .meta({ id: 'FlagsOn' });
