/** The rows Lago keeps. Amounts are integer minor units; all times are UTC. */

export interface MetadataItem {
  id: string;
  key: string;
  value: string;
  displayInInvoice: boolean;
}

export interface Customer {
  id: string;
  sequentialId: number;
  externalId: string;
  currency: string | null;
  netPaymentTerm: number | null;
  /** The other fields of the API, kept as they were sent. */
  attributes: Record<string, unknown>;
  billingConfiguration: Record<string, unknown>;
  metadata: MetadataItem[];
  createdAt: Date;
  updatedAt: Date;
}

type AggregationType = 'count_agg' | 'sum_agg' | 'max_agg' | 'unique_count_agg' | 'weighted_sum_agg' | 'latest_agg';

export interface Metric {
  id: string;
  code: string;
  name: string;
  description: string | null;
  aggregationType: AggregationType;
  fieldName: string | null;
  recurring: boolean;
  roundingFunction: 'round' | 'ceil' | 'floor' | null;
  roundingPrecision: number | null;
  filters: { key: string; values: string[] }[];
  createdAt: Date;
}

type ChargeModel = 'standard' | 'graduated' | 'package' | 'volume' | 'percentage';

export interface Charge {
  id: string;
  code: string;
  metric: Metric;
  chargeModel: ChargeModel;
  invoiceDisplayName: string | null;
  properties: Record<string, unknown>;
  createdAt: Date;
}

export type Interval = 'weekly' | 'monthly' | 'quarterly' | 'semiannual' | 'yearly';

export interface Plan {
  id: string;
  code: string;
  name: string;
  invoiceDisplayName: string | null;
  description: string | null;
  interval: Interval;
  amountCents: number;
  currency: string;
  payInAdvance: boolean;
  trialPeriodDays: number;
  charges: Charge[];
  createdAt: Date;
}

export type SubscriptionStatus = 'pending' | 'active' | 'terminated' | 'canceled' | 'incomplete';
export type BillingTime = 'calendar' | 'anniversary';
export type CreditNoteOption = 'credit' | 'refund' | 'offset' | 'skip';

export interface Subscription {
  id: string;
  externalId: string;
  customer: Customer;
  plan: Plan;
  name: string | null;
  status: SubscriptionStatus;
  billingTime: BillingTime;
  subscriptionAt: Date;
  startedAt: Date | null;
  activatedAt: Date | null;
  endingAt: Date | null;
  terminatedAt: Date | null;
  canceledAt: Date | null;
  trialEndedAt: Date | null;
  createdAt: Date;
  /** The older row with the same external id that this one replaced, or will replace. */
  previous: Subscription | null;
  onTerminationCreditNote: CreditNoteOption | null;
  onTerminationInvoice: 'generate' | 'skip';
  /** When its next periodic invoice is due; null unless active. */
  nextBillingAt: Date | null;
}

export interface UsageEvent {
  id: string;
  transactionId: string;
  externalSubscriptionId: string | null;
  code: string;
  timestamp: Date;
  properties: Record<string, unknown>;
  preciseTotalAmountCents: string | null;
  createdAt: Date;
  isValidated: boolean;
}

export type PaymentStatus = 'pending' | 'succeeded' | 'failed';
export type InvoicingReason =
  'subscription_starting' | 'subscription_periodic' | 'subscription_terminating' | 'upgrading';

export interface Fee {
  id: string;
  subscription: Subscription;
  charge: Charge | null;
  amountCents: number;
  units: number;
  eventsCount: number | null;
  from: Date;
  to: Date;
}

export interface BillingPeriod {
  subscription: Subscription;
  reason: InvoicingReason;
  from: Date;
  to: Date;
  chargesFrom: Date;
  chargesTo: Date;
}

export interface Invoice {
  id: string;
  sequentialId: number;
  number: string;
  customer: Customer;
  currency: string;
  status: 'finalized' | 'voided';
  paymentStatus: PaymentStatus;
  paymentOverdue: boolean;
  issuingDate: Date;
  paymentDueDate: Date;
  periods: BillingPeriod[];
  fees: Fee[];
  creditNotesAmountCents: number;
  /** Where that came from; rows stored by an earlier version do not say. */
  credits?: { note: CreditNote; amountCents: number }[];
  totalAmountCents: number;
  metadata: MetadataItem[];
  fileUrl: string | null;
  createdAt: Date;
  updatedAt: Date;
  voidedAt: Date | null;
}

/** What is left of a period that was billed in advance and then cut short; used up by later invoices. */
export interface CreditNote {
  id: string;
  customer: Customer;
  invoice: Invoice;
  currency: string;
  amountCents: number;
  balanceCents: number;
  /** Whose unused days it stands for. */
  subscription?: Subscription;
  voidedAt?: Date;
  createdAt: Date;
}

export interface WebhookEndpoint {
  id: string;
  url: string;
  signatureAlgo: 'jwt' | 'hmac';
  name: string | null;
  /** null = every type. */
  eventTypes: string[] | null;
  createdAt: Date;
}

export interface WebhookRow {
  id: string;
  endpoint: WebhookEndpoint;
  webhookType: string;
  body: string;
  status: 'pending' | 'retrying' | 'succeeded' | 'failed';
  attempts: number;
  httpStatus: number | null;
  createdAt: Date;
}
