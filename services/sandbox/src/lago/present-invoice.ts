import type { BillingPeriod, Fee, Invoice } from './model.ts';
import type { Organization } from './organization.ts';
import { iso, isoDate, isoEnd, isoOrNull, presentCustomer, presentMetadata, presentSubscription } from './present.ts';

/** What lists show. */
export function presentInvoice(invoice: Invoice) {
  const feesCents = invoice.fees.reduce((sum, fee) => sum + fee.amountCents, 0);
  return {
    lago_id: invoice.id,
    billing_entity_code: 'bastide',
    sequential_id: invoice.sequentialId,
    number: invoice.number,
    purchase_order_number: null,
    issuing_date: isoDate(invoice.issuingDate),
    payment_due_date: isoDate(invoice.paymentDueDate),
    net_payment_term: invoice.customer.netPaymentTerm ?? 0,
    invoice_type: 'subscription',
    status: invoice.status,
    payment_status: invoice.paymentStatus,
    payment_dispute_lost_at: null,
    payment_overdue: invoice.paymentOverdue,
    currency: invoice.currency,
    fees_amount_cents: feesCents,
    taxes_amount_cents: 0,
    progressive_billing_credit_amount_cents: 0,
    coupons_amount_cents: 0,
    credit_notes_amount_cents: invoice.creditNotesAmountCents,
    sub_total_excluding_taxes_amount_cents: feesCents,
    sub_total_including_taxes_amount_cents: feesCents,
    total_amount_cents: invoice.totalAmountCents,
    // A status set by PUT records no payment, so the due amount stays what it was: `payment_status` is what to trust.
    total_due_amount_cents: invoice.totalAmountCents,
    total_paid_amount_cents: 0,
    prepaid_credit_amount_cents: 0,
    file_url: invoice.fileUrl,
    xml_url: null,
    web_url: null,
    version_number: 4,
    self_billed: false,
    created_at: iso(invoice.createdAt),
    updated_at: iso(invoice.updatedAt),
    voided_at: isoOrNull(invoice.voidedAt),
    customer: presentCustomer(invoice.customer),
    metadata: invoice.metadata.map((item) => presentMetadata(item, invoice.updatedAt)),
    applied_taxes: [],
    billing_periods: invoice.periods.map(presentPeriod),
  };
}

/** What `GET /invoices/:id` and webhooks show. */
export function presentFullInvoice(org: Organization, invoice: Invoice) {
  return {
    ...presentInvoice(invoice),
    subscriptions: invoice.periods.map((period) => presentSubscription(org, period.subscription)),
    fees: invoice.fees.map((fee) => presentFee(invoice, fee)),
    credits: [],
    error_details: [],
  };
}

function presentPeriod(period: BillingPeriod) {
  return {
    lago_subscription_id: period.subscription.id,
    external_subscription_id: period.subscription.externalId,
    lago_plan_id: period.subscription.plan.id,
    subscription_from_datetime: iso(period.from),
    subscription_to_datetime: isoEnd(period.to),
    charges_from_datetime: iso(period.chargesFrom),
    charges_to_datetime: isoEnd(period.chargesTo),
    invoicing_reason: period.reason,
  };
}

function presentFee(invoice: Invoice, fee: Fee) {
  const { subscription, charge } = fee;
  const item = charge
    ? { type: 'charge', code: charge.metric.code, name: charge.metric.name, lago_item_id: charge.metric.id }
    : {
        type: 'subscription',
        code: subscription.plan.code,
        name: subscription.plan.name,
        lago_item_id: subscription.id,
      };
  return {
    lago_id: fee.id,
    lago_charge_id: charge?.id ?? null,
    lago_invoice_id: invoice.id,
    lago_subscription_id: subscription.id,
    external_subscription_id: subscription.externalId,
    lago_customer_id: invoice.customer.id,
    external_customer_id: invoice.customer.externalId,
    item: {
      ...item,
      invoice_display_name: charge
        ? (charge.invoiceDisplayName ?? charge.metric.name)
        : (subscription.plan.invoiceDisplayName ?? subscription.plan.name),
      item_type: charge ? 'BillableMetric' : 'Subscription',
      filters: null,
      grouped_by: {},
    },
    pay_in_advance: charge ? false : subscription.plan.payInAdvance,
    invoiceable: true,
    amount_cents: fee.amountCents,
    amount_currency: invoice.currency,
    taxes_amount_cents: 0,
    taxes_rate: 0,
    total_amount_cents: fee.amountCents,
    total_amount_currency: invoice.currency,
    units: String(fee.units),
    events_count: fee.eventsCount,
    payment_status: invoice.paymentStatus,
    from_date: iso(fee.from),
    to_date: isoEnd(fee.to),
    created_at: iso(invoice.createdAt),
  };
}
