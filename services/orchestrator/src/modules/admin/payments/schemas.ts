import { z } from 'zod';
import { pageOf, pageQuery } from '#core/http/pagination.ts';
import { idSchema } from '#core/ids.ts';
import { RefundedPayment } from '#modules/billing/refunds/schemas.ts';

const minor = z.number().int();
const moment = z.iso.datetime();

export const PaymentParams = z.object({ paymentId: idSchema('payment') });

export const AdminPayment = z
  .object({
    id: z.string(),
    tenantId: z.string(),
    tenantName: z.string().nullable(),
    invoiceId: z.string(),
    invoiceNumber: z.string().nullable(),
    attemptId: z.string(),
    provider: z.string(),
    providerPaymentId: z.string().meta({ description: 'What it is called in the provider’s dashboard.' }),
    amountMinor: minor,
    currency: z.string(),
    state: RefundedPayment.shape.state.meta({
      description:
        'settling: not yet told to the billing engine; settled; refund_due: to be given back; refund_pending: the provider is at it; refund_failed: it would not; refunded.',
    }),
    reason: z.string().nullable().meta({
      description: 'Why it settles nothing: invoice_already_paid, invoice_voided, subscription_canceled…',
    }),
    receivedAt: moment,
    settledAt: moment.nullable(),
    refundedMinor: minor,
    refundedAt: moment.nullable(),
    refundReference: z.string().nullable(),
    refundProblem: z.string().nullable(),
    disputeStatus: z.string().nullable().meta({ description: 'In the provider’s words; null: nobody disputes it.' }),
  })
  .meta({ id: 'AdminPayment' });
export type AdminPayment = z.output<typeof AdminPayment>;
export const AdminPaymentPage = pageOf(AdminPayment);

export const RefundQuery = pageQuery.extend({
  state: z.enum(['open', 'pending', 'refunded']).default('open').meta({
    description: 'open: somebody has to act; pending: the provider is at it; refunded: done.',
  }),
});
export type RefundQuery = z.output<typeof RefundQuery>;

export const QueuedRefund = AdminPayment.extend({
  nextStep: z.enum(['refund', 'by_hand', 'wait', 'none']).meta({
    description:
      'refund: this server can have it given back; by_hand: it cannot, so somebody does it at the provider or by a transfer and notes it here; wait: under way.',
  }),
}).meta({ id: 'QueuedRefund' });
export type QueuedRefund = z.output<typeof QueuedRefund>;
export const QueuedRefundPage = pageOf(QueuedRefund);
