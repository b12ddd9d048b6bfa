import { z } from 'zod';
import { pageOf, pageQuery } from '#core/http/pagination.ts';
import { idSchema } from '#core/ids.ts';
import { lineOfText } from '#core/text.ts';
import { lineSchema } from '#modules/catalogue/schemas.ts';

const Period = z.enum(['month', 'year']);
const reason = lineOfText(500);

export const CreatePlanGrant = z.object({
  planKey: z.string().min(1).max(100).meta({ description: 'A plan of the catalogue, also one that is not sold.' }),
  currency: z.string().regex(/^[A-Z]{3}$/, 'must be a currency like EUR'),
  amountMinor: z.number().int().min(0).max(1_000_000_000_000).meta({
    description: 'What was agreed, per period: it counts in the figures. Bastide does not collect it. 0 = a gift.',
  }),
  period: Period,
  endsAt: z.iso.datetime({ offset: true }).nullable().meta({ description: 'Null: until it is taken back.' }),
  reason: reason.meta({ description: 'Why, for the audit log: a contract, a pilot.' }),
});
export type CreatePlanGrant = z.output<typeof CreatePlanGrant>;

export const RevokePlanGrant = z.object({ reason });
export type RevokePlanGrant = z.output<typeof RevokePlanGrant>;

export const PlanGrantParams = z.object({ grantId: idSchema('planGrant') });

const Author = z.object({ id: z.string(), name: z.string().nullable() }).nullable();

export const PlanGrant = z
  .object({
    id: z.string(),
    tenantId: z.string(),
    tenantName: z.string().nullable(),
    line: lineSchema,
    planKey: z.string(),
    currency: z.string(),
    amountMinor: z.number().int(),
    period: Period,
    reason: z.string(),
    endsAt: z.iso.datetime().nullable(),
    grantedBy: Author,
    createdAt: z.iso.datetime(),
    endedAt: z.iso.datetime().nullable().meta({ description: 'Null: in force.' }),
    endedBy: Author.meta({ description: 'Null: its time was over.' }),
    endReason: z.string().nullable(),
  })
  .meta({ id: 'PlanGrant' });
export type PlanGrant = z.output<typeof PlanGrant>;
export const PlanGrantPage = pageOf(PlanGrant);

export const PlanGrantQuery = pageQuery.extend({
  tenantId: idSchema('tenant').optional(),
  state: z.enum(['open', 'ended']).optional(),
});
export type PlanGrantQuery = z.output<typeof PlanGrantQuery>;
