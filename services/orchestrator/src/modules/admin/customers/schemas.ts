import { z } from 'zod';
import { pageOf, pageQuery } from '#core/http/pagination.ts';
import { idSchema } from '#core/ids.ts';
import { EntitlementsView, lineSchema } from '#modules/catalogue/schemas.ts';
import { Member } from '#modules/identity/members/schemas.ts';
import { Tenant } from '#modules/identity/tenants/schemas.ts';

const minor = z.number().int();
const moment = z.iso.datetime();

export const TenantQuery = pageQuery.extend({
  q: z.string().trim().min(1).max(200).optional().meta({
    description:
      'Part of a name, a slug or a member’s address; the id of the tenant, a subscription, an invoice, a payment; an invoice’s number; a site’s host.',
  }),
});
export type TenantQuery = z.output<typeof TenantQuery>;

export const CustomerParams = z.object({ tenantId: idSchema('tenant') });

const Person = z.object({ userId: z.string(), name: z.string(), email: z.string(), role: Member.shape.role });

const Recurring = z
  .object({ currency: z.string(), mrrMinor: minor, arrMinor: minor })
  .meta({ description: 'Rounded to whole minor units; ARR is exact.' });

export const CustomerSummary = Tenant.extend({
  owners: z.array(Person),
  planKeys: z.array(z.string()).meta({ description: 'What is paid for.' }),
  recurring: z.array(Recurring),
}).meta({ id: 'CustomerSummary' });
export type CustomerSummary = z.output<typeof CustomerSummary>;
export const CustomerPage = pageOf(CustomerSummary);

export const Customer = CustomerSummary.omit({ owners: true })
  .extend({
    members: z.array(Person),
    owed: z.array(
      z.object({ currency: z.string(), amountMinor: minor, overdueMinor: minor, invoices: z.number().int() }),
    ),
    entitlements: EntitlementsView,
  })
  .meta({ id: 'Customer' });
export type Customer = z.output<typeof Customer>;

export const CustomerAttempt = z
  .object({
    id: z.string(),
    invoiceId: z.string(),
    provider: z.string(),
    providerSessionId: z.string().nullable(),
    amountMinor: minor,
    currency: z.string(),
    state: z.enum(['creating', 'open', 'paid', 'expired', 'failed']),
    problem: z.string().nullable(),
    expiresAt: moment,
    createdAt: moment,
  })
  .meta({ id: 'CustomerPaymentAttempt' });
export type CustomerAttempt = z.output<typeof CustomerAttempt>;
export const CustomerAttemptPage = pageOf(CustomerAttempt);

export const CustomerMail = z
  .object({
    id: z.string(),
    template: z.string(),
    locale: z.enum(['en', 'fr']),
    to: z.string(),
    subject: z.string().nullable().meta({ description: 'Null until it is sent.' }),
    state: z.enum(['queued', 'sent', 'failed']),
    attempts: z.number().int(),
    problem: z.string().nullable(),
    createdAt: moment,
    sentAt: moment.nullable(),
  })
  .meta({ id: 'CustomerMail' });
export type CustomerMail = z.output<typeof CustomerMail>;
export const CustomerMailPage = pageOf(CustomerMail);

export const CustomerUsageQuery = z.object({
  days: z.coerce.number().int().min(1).max(366).default(30).meta({ description: 'How far back.' }),
});
export type CustomerUsageQuery = z.output<typeof CustomerUsageQuery>;

export const CustomerUsage = z
  .object({
    since: moment,
    metrics: z.array(
      z.object({
        metric: z.string(),
        line: lineSchema,
        name: z.object({ en: z.string(), fr: z.string() }),
        aggregation: z.string(),
        quantity: z
          .number()
          .nullable()
          .meta({ description: 'By the metric’s aggregation; null: only the bill knows.' }),
        events: z.number().int(),
        waiting: z.number().int().meta({ description: 'Not on the bill yet.' }),
        refused: z.number().int().meta({ description: 'Never on it: refused, or too late.' }),
        problem: z.string().nullable(),
        newestAt: moment,
      }),
    ),
  })
  .meta({ id: 'CustomerUsage' });
export type CustomerUsage = z.output<typeof CustomerUsage>;
