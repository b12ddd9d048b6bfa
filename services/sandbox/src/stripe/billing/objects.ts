/** Stripe Billing's objects as they are answered (2026-10-28.endive), less what this stand-in never fills. Times are seconds. */

export type Metadata = Record<string, string>;

/** A list inside another object. */
export interface Listed<T> {
  object: 'list';
  url: string;
  has_more: false;
  total_count: number;
  data: T[];
}

export interface Product {
  id: string;
  object: 'product';
  created: number;
  updated: number;
  livemode: false;
  active: boolean;
  name: string;
  description: string | null;
  default_price: string | null;
  images: string[];
  marketing_features: { name: string }[];
  package_dimensions: null;
  shippable: null;
  statement_descriptor: string | null;
  tax_code: null;
  tax_details: null;
  type: 'service';
  unit_label: string | null;
  url: string | null;
  metadata: Metadata;
}

export type Interval = 'day' | 'week' | 'month' | 'year';

export interface Recurring {
  interval: Interval;
  interval_count: number;
  meter: null;
  trial_period_days: null;
  usage_type: 'licensed';
}

export interface Price {
  id: string;
  object: 'price';
  created: number;
  livemode: false;
  active: boolean;
  billing_scheme: 'per_unit';
  currency: string;
  custom_unit_amount: null;
  lookup_key: string | null;
  nickname: string | null;
  product: string;
  recurring: Recurring | null;
  tax_behavior: 'unspecified' | 'inclusive' | 'exclusive';
  tiers_mode: null;
  transform_quantity: null;
  type: 'one_time' | 'recurring';
  unit_amount: number;
  unit_amount_decimal: string;
  metadata: Metadata;
}

export interface SubscriptionItem {
  id: string;
  object: 'subscription_item';
  created: number;
  /** Since 2025-03-31.basil the period is here and no longer on the subscription. */
  current_period_start: number;
  current_period_end: number;
  current_trial: null;
  billing_thresholds: null;
  discounts: [];
  /** The price in the words of before 2020; still answered. */
  plan: {
    id: string;
    object: 'plan';
    active: boolean;
    amount: number;
    amount_decimal: string;
    billing_scheme: 'per_unit';
    created: number;
    currency: string;
    interval: Interval;
    interval_count: number;
    livemode: false;
    metadata: Metadata;
    meter: null;
    nickname: string | null;
    product: string;
    tiers_mode: null;
    transform_usage: null;
    trial_period_days: null;
    usage_type: 'licensed';
  };
  price: Price;
  quantity: number;
  subscription: string;
  tax_rates: [];
  metadata: Metadata;
}

export type SubscriptionStatus =
  'incomplete' | 'incomplete_expired' | 'trialing' | 'active' | 'past_due' | 'canceled' | 'unpaid' | 'paused';

export interface PendingUpdate {
  billing_cycle_anchor: number | null;
  cancel_at_period_end: boolean | null;
  discount: null;
  discounts: null;
  expires_at: number;
  metadata: Metadata | null;
  subscription_items: SubscriptionItem[] | null;
  trial_end: number | null;
  trial_from_plan: boolean | null;
}

export interface Subscription {
  id: string;
  object: 'subscription';
  created: number;
  livemode: false;
  application: null;
  application_fee_percent: null;
  automatic_tax: { enabled: false; disabled_reason: null; liability: null };
  billing_cycle_anchor: number;
  billing_cycle_anchor_config: null;
  billing_mode: { type: 'classic' | 'flexible'; flexible: { proration_discounts: 'included' } | null };
  billing_schedules: [];
  billing_thresholds: null;
  cancel_at: number | null;
  cancel_at_period_end: boolean;
  canceled_at: number | null;
  cancellation_details: {
    comment: string | null;
    feedback: string | null;
    feedback_option: null;
    reason: 'cancellation_requested' | 'payment_failed' | 'payment_disputed' | null;
  };
  collection_method: 'charge_automatically' | 'send_invoice';
  currency: string;
  customer: string;
  customer_account: null;
  days_until_due: number | null;
  default_payment_method: string | null;
  default_source: null;
  default_tax_rates: [];
  description: string | null;
  discounts: [];
  ended_at: number | null;
  invoice_settings: {
    account_tax_ids: null;
    custom_fields: null;
    description: null;
    footer: null;
    issuer: { type: 'self' };
  };
  items: Listed<SubscriptionItem>;
  latest_invoice: string | null;
  managed_payments: null;
  metadata: Metadata;
  next_pending_invoice_item_invoice: null;
  on_behalf_of: null;
  pause_collection: null;
  payment_settings: {
    payment_method_options: null;
    payment_method_types: string[] | null;
    save_default_payment_method: 'off' | 'on_subscription' | null;
  };
  pending_invoice_item_interval: null;
  pending_setup_intent: null;
  pending_update: PendingUpdate | null;
  schedule: string | null;
  start_date: number;
  status: SubscriptionStatus;
  test_clock: null;
  transfer_data: null;
  trial_end: number | null;
  trial_settings: {
    end_behavior: { billing_cycle_anchor: null; missing_payment_method: 'cancel' | 'create_invoice' | 'pause' };
  };
  trial_start: number | null;
}

export interface SchedulePhase {
  add_invoice_items: [];
  application_fee_percent: null;
  billing_cycle_anchor: null;
  billing_thresholds: null;
  collection_method: null;
  currency: string;
  default_payment_method: string | null;
  default_tax_rates: [];
  description: null;
  discounts: [];
  end_date: number;
  invoice_settings: null;
  items: {
    billing_thresholds: null;
    discounts: [];
    metadata: Metadata;
    plan: string;
    price: string;
    quantity: number;
    tax_rates: [];
  }[];
  metadata: Metadata;
  on_behalf_of: null;
  proration_behavior: ProrationBehavior;
  start_date: number;
  transfer_data: null;
  trial_end: null;
}

export interface SubscriptionSchedule {
  id: string;
  object: 'subscription_schedule';
  created: number;
  livemode: false;
  application: null;
  billing_mode: Subscription['billing_mode'];
  canceled_at: number | null;
  completed_at: number | null;
  current_phase: { start_date: number; end_date: number } | null;
  customer: string;
  customer_account: null;
  default_settings: {
    application_fee_percent: null;
    billing_cycle_anchor: 'automatic';
    billing_thresholds: null;
    collection_method: 'charge_automatically' | 'send_invoice';
    default_payment_method: string | null;
    description: null;
    invoice_settings: {
      account_tax_ids: null;
      custom_fields: null;
      days_until_due: null;
      description: null;
      footer: null;
      issuer: { type: 'self' };
    };
    on_behalf_of: null;
    transfer_data: null;
  };
  end_behavior: 'release' | 'cancel';
  metadata: Metadata;
  pause_schedules: [];
  phases: SchedulePhase[];
  released_at: number | null;
  released_subscription: string | null;
  status: 'not_started' | 'active' | 'completed' | 'released' | 'canceled';
  subscription: string | null;
  test_clock: null;
}

export type ProrationBehavior = 'create_prorations' | 'none' | 'always_invoice';
