import { z } from 'zod';
import { pageOf } from '#core/http/pagination.ts';

/** Of `inv_…`: made here when the engine's invoice is first seen. */
export const InvoiceParams = z.object({
  invoiceId: z.string().regex(/^inv_[0-9A-HJKMNP-TV-Z]{26}$/, 'must be an id like inv_01J…'),
});

export const Invoice = z
  .object({
    id: z.string(),
    number: z.string(),
    status: z.string().meta({ description: 'finalized: to be paid or paid; voided: nothing is owed.' }),
    paymentStatus: z.enum(['pending', 'succeeded', 'failed']),
    isOverdue: z.boolean(),
    currency: z.string(),
    totalMinor: z.number().int(),
    issuedAt: z.iso.datetime(),
    dueAt: z.iso.datetime().nullable(),
    paidAt: z.iso.datetime().nullable(),
    subscriptionId: z.string().nullable(),
    description: z.string().nullable(),
  })
  .meta({ id: 'Invoice' });
export type Invoice = z.output<typeof Invoice>;
export const InvoicePage = pageOf(Invoice);
