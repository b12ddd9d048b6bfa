import type { Price } from './billing/objects.ts';

/** Stripe's objects as they are answered (2026-10-28.endive), less what this stand-in never fills. Times are seconds. */

type Metadata = Record<string, string>;

export interface Customer {
  id: string;
  object: 'customer';
  created: number;
  livemode: false;
  email: string | null;
  name: string | null;
  phone: string | null;
  description: string | null;
  address: Record<string, string> | null;
  /** Minor units; negative = credit that the next invoices use up. */
  balance: number;
  currency: string | null;
  default_source: null;
  delinquent: boolean;
  invoice_prefix: string;
  invoice_settings: { default_payment_method: string | null };
  preferred_locales: string[];
  metadata: Metadata;
}

export interface PaymentMethod {
  id: string;
  object: 'payment_method';
  type: 'card';
  created: number;
  livemode: false;
  customer: string | null;
  allow_redisplay: 'always' | 'limited' | 'unspecified';
  billing_details: { email: string | null; name: string | null };
  card: {
    brand: string;
    last4: string;
    exp_month: 12;
    exp_year: number;
    country: 'US';
    funding: 'credit';
    fingerprint: string;
  };
  metadata: Metadata;
}

type PaymentIntentStatus =
  'requires_payment_method' | 'requires_confirmation' | 'requires_action' | 'processing' | 'succeeded' | 'canceled';

export interface PaymentError {
  type: 'card_error';
  code: string;
  decline_code?: string;
  message: string;
  charge?: string;
  payment_method: PaymentMethod;
}

export interface PaymentIntent {
  id: string;
  object: 'payment_intent';
  created: number;
  livemode: false;
  amount: number;
  amount_capturable: 0;
  amount_received: number;
  currency: string;
  customer: string | null;
  payment_method: string | null;
  payment_method_types: ['card'];
  allowed_payment_method_types: string[] | null;
  automatic_payment_methods: { enabled: true; allow_redirects: 'always' } | null;
  status: PaymentIntentStatus;
  latest_charge: string | null;
  last_payment_error: PaymentError | null;
  next_action: Record<string, unknown> | null;
  setup_future_usage: 'off_session' | 'on_session' | null;
  capture_method: 'automatic';
  confirmation_method: 'automatic';
  client_secret: string;
  description: string | null;
  receipt_email: string | null;
  statement_descriptor: string | null;
  canceled_at: number | null;
  cancellation_reason: string | null;
  metadata: Metadata;
}

export interface Charge {
  id: string;
  object: 'charge';
  created: number;
  livemode: false;
  amount: number;
  amount_captured: number;
  amount_refunded: number;
  currency: string;
  customer: string | null;
  payment_intent: string;
  payment_method: string;
  balance_transaction: null;
  captured: boolean;
  paid: boolean;
  refunded: boolean;
  disputed: boolean;
  status: 'succeeded' | 'failed';
  failure_code: string | null;
  failure_message: string | null;
  outcome: { type: 'authorized' | 'issuer_declined'; network_status: string; reason: string | null };
  billing_details: PaymentMethod['billing_details'] & { address: null; phone: null; tax_id: null };
  payment_method_details: { type: 'card'; card: PaymentMethod['card'] };
  description: string | null;
  receipt_email: string | null;
  receipt_number: null;
  receipt_url: string | null;
  metadata: Metadata;
}

export interface LineItem {
  id: string;
  object: 'item';
  amount_subtotal: number;
  amount_total: number;
  amount_discount: 0;
  amount_tax: 0;
  currency: string;
  description: string;
  quantity: number;
  price: Price;
}

export interface Session {
  id: string;
  object: 'checkout.session';
  created: number;
  expires_at: number;
  livemode: false;
  mode: 'payment' | 'setup' | 'subscription';
  ui_mode: 'hosted_page';
  status: 'open' | 'complete' | 'expired';
  payment_status: 'paid' | 'unpaid' | 'no_payment_required';
  url: string | null;
  success_url: string;
  cancel_url: string | null;
  /** null in setup mode, like `amount_total`. */
  amount_subtotal: number | null;
  amount_total: number | null;
  currency: string | null;
  customer: string | null;
  customer_creation: 'always' | 'if_required' | null;
  customer_email: string | null;
  customer_details: { email: string | null; name: string | null; phone: null; address: null; tax_ids: [] } | null;
  client_reference_id: string | null;
  payment_intent: string | null;
  payment_method_types: ['card'];
  allowed_payment_method_types: string[] | null;
  payment_method_collection: 'always' | 'if_required';
  payment_link: null;
  setup_intent: string | null;
  subscription: string | null;
  invoice: string | null;
  locale: string | null;
  submit_type: string | null;
  total_details: { amount_discount: 0; amount_shipping: 0; amount_tax: 0 } | null;
  consent: { promotions: null; terms_of_service: 'accepted' | null } | null;
  consent_collection: Record<string, unknown> | null;
  metadata: Metadata;
}

export interface SetupIntent {
  id: string;
  object: 'setup_intent';
  created: number;
  livemode: false;
  customer: string | null;
  payment_method: string | null;
  payment_method_types: ['card'];
  status: 'requires_payment_method' | 'succeeded' | 'canceled';
  usage: 'off_session';
  client_secret: string;
  description: string | null;
  last_setup_error: PaymentError | null;
  latest_attempt: null;
  mandate: null;
  next_action: null;
  metadata: Metadata;
}

export interface Refund {
  id: string;
  object: 'refund';
  created: number;
  amount: number;
  currency: string;
  charge: string;
  payment_intent: string;
  reason: string | null;
  status: 'succeeded' | 'pending' | 'failed' | 'canceled';
  /** Why it failed; absent unless it did. */
  failure_reason?: string;
  balance_transaction: null;
  customer: string | null;
  customer_account: null;
  payment_method: string;
  receipt_number: null;
  source_transfer_reversal: null;
  transfer_reversal: null;
  metadata: Metadata;
}

export interface Dispute {
  id: string;
  object: 'dispute';
  created: number;
  livemode: false;
  amount: number;
  currency: string;
  charge: string;
  payment_intent: string;
  reason: string;
  status: 'needs_response' | 'under_review' | 'won' | 'lost';
  is_charge_refundable: false;
  balance_transactions: [];
  evidence: Record<string, string>;
  evidence_details: { due_by: number; has_evidence: boolean; past_due: false; submission_count: number };
  metadata: Metadata;
}

export interface PortalSession {
  id: string;
  object: 'billing_portal.session';
  created: number;
  livemode: false;
  customer: string;
  configuration: string;
  flow: Record<string, unknown> | null;
  return_url: string | null;
  locale: string | null;
  url: string;
}

export interface PortalConfiguration {
  id: string;
  object: 'billing_portal.configuration';
  created: number;
  updated: number;
  livemode: false;
  active: boolean;
  application: null;
  business_profile: { headline: null; privacy_policy_url: null; terms_of_service_url: null };
  default_return_url: string | null;
  features: {
    customer_update: { enabled: boolean; allowed_updates: string[] };
    invoice_history: { enabled: boolean };
    payment_method_update: { enabled: boolean; payment_method_configuration: null };
    subscription_cancel: {
      cancellation_reason: { enabled: false; options: [] };
      enabled: boolean;
      mode: 'at_period_end' | 'immediately';
      proration_behavior: 'none';
    };
  };
  is_default: false;
  login_page: { enabled: false; url: null };
  metadata: Metadata;
  name: string | null;
}

export interface StripeEvent {
  id: string;
  object: 'event';
  api_version: string;
  created: number;
  livemode: false;
  type: string;
  pending_webhooks: number;
  request: { id: string | null; idempotency_key: string | null };
  /** `previous_attributes` comes with `*.updated`: what the changed fields were before. */
  data: { object: unknown; previous_attributes?: Record<string, unknown> };
}

export interface WebhookEndpoint {
  id: string;
  object: 'webhook_endpoint';
  created: number;
  livemode: false;
  url: string;
  enabled_events: string[];
  api_version: string;
  status: 'enabled' | 'disabled';
  description: string | null;
  metadata: Metadata;
}
