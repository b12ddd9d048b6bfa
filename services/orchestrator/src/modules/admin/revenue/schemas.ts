import { z } from 'zod';
import { lineSchema } from '#modules/catalogue/schemas.ts';

const month = z.string().regex(/^20\d\d-(0[1-9]|1[0-2])$/, 'must be a month like 2026-01');
const minor = z.number().int();
const count = z.number().int();
const percent = z.number().nullable();

export const RevenueQuery = z.object({
  from: month.optional().meta({ description: 'First month. Left out: eleven months before `to`.' }),
  to: month.optional().meta({ description: 'Last month, included. Left out: this month, as far as it has come.' }),
});
export type RevenueQuery = z.output<typeof RevenueQuery>;

/** `other`: invoices that no subscription of ours caused. */
const Line = z.union([lineSchema, z.literal('other')]);
export type RevenueLine = z.output<typeof Line>;

const figures = {
  openingMrrMinor: minor.meta({ description: 'Monthly recurring revenue when the month began.' }),
  newMrrMinor: minor,
  reactivationMrrMinor: minor.meta({ description: 'Of subscriptions that had ended and pay again.' }),
  expansionMrrMinor: minor.meta({ description: 'Upgrades.' }),
  contractionMrrMinor: minor.meta({ description: 'Downgrades; negative.' }),
  churnMrrMinor: minor.meta({ description: 'Subscriptions that ended; negative.' }),
  closingMrrMinor: minor,
  closingArrMinor: minor.meta({ description: 'A year of what was there at the month’s end; exact.' }),
  openingSubscriptions: count.meta({ description: 'That paid when the month began.' }),
  newSubscriptions: count,
  reactivatedSubscriptions: count,
  churnedSubscriptions: count,
  closingSubscriptions: count,
  churnPercent: percent.meta({ description: 'Of those that were there when the month began; null: none were.' }),
  mrrChurnPercent: percent.meta({ description: 'Churned of the opening MRR, in percent; null: there was none.' }),
  receivedMinor: minor.meta({ description: 'Invoices that were paid in this month, tax included.' }),
  paidInvoices: count.meta({ description: 'How many; one that covers several lines counts in its main one.' }),
  failedPayments: count.meta({ description: 'Payments that were tried and refused.' }),
};

export const RevenueByLine = z
  .object({ month, currency: z.string(), line: Line, ...figures })
  .meta({ id: 'RevenueByLine' });
export type RevenueByLine = z.output<typeof RevenueByLine>;
export const RevenueByCurrency = RevenueByLine.omit({ line: true }).meta({ id: 'RevenueByCurrency' });
export type RevenueByCurrency = z.output<typeof RevenueByCurrency>;

export const Revenue = z
  .object({
    from: month,
    to: month,
    asOf: z.iso.datetime().meta({ description: 'The end of `to`, or now.' }),
    byCurrency: z.array(RevenueByCurrency).meta({
      description: 'By month, oldest first. Currencies are never added up here.',
    }),
    byLine: z.array(RevenueByLine).meta({ description: 'The same by line.' }),
    plans: z
      .array(
        z.object({
          currency: z.string(),
          line: Line,
          planKey: z.string(),
          subscriptions: count,
          mrrMinor: minor,
          arrMinor: minor,
        }),
      )
      .meta({ description: 'What paid at the end of the period, plans given by hand at a price included.' }),
    unpaid: z
      .array(z.object({ line: lineSchema, planKey: z.string(), subscriptions: count }))
      .meta({ description: 'Active now and paying nothing: free, or waiting for money.' }),
    together: z
      .object({
        currency: z.literal('USD'),
        rates: z.array(z.object({ currency: z.string(), usd: z.string() })).meta({
          description: 'What one unit is taken to be worth: `USD_RATES` of the installation.',
        }),
        mrrMinor: minor,
        arrMinor: minor,
        isComplete: z.boolean(),
        missing: z.array(z.string()).meta({ description: 'Currencies without a rate, which are left out.' }),
      })
      .meta({ description: 'All currencies at the end of the period, at the stated rates.' }),
    estimatedSubscriptions: count.meta({
      description: 'At a price that the catalogue had no more when it was first seen: counted at its successor.',
    }),
  })
  .meta({ id: 'Revenue' });
export type Revenue = z.output<typeof Revenue>;
