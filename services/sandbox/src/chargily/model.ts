import type { World } from '../kernel/stand-in.ts';
import type { WebhookSender } from '../kernel/webhook-sender.ts';

/** The vendor's own words and shapes: what is kept is what is answered. Amounts are whole dinars, times are seconds. */
export interface Checkout {
  id: string;
  entity: 'checkout';
  livemode: boolean;
  amount: number;
  fees: number;
  fees_on_merchant: number;
  fees_on_customer: number;
  currency: 'dzd';
  status: CheckoutStatus;
  metadata: Metadata | null;
  locale: 'ar' | 'en' | 'fr';
  description: string | null;
  success_url: string;
  failure_url: string | null;
  webhook_endpoint: string | null;
  payment_method: PaymentMethod | null;
  invoice_id: null;
  customer_id: string | null;
  payment_link_id: null;
  chargily_pay_fees_allocation: 'customer' | 'merchant' | 'split';
  created_at: number;
  updated_at: number;
  checkout_url: string;
}

export type CheckoutStatus = 'pending' | 'processing' | 'paid' | 'failed' | 'canceled' | 'expired';
type PaymentMethod = 'edahabia' | 'cib' | 'chargily_app';
type Metadata = unknown[] | Record<string, unknown>;

export interface Item {
  price: string;
  quantity: number;
}

export interface Customer {
  id: string;
  entity: 'customer';
  livemode: boolean;
  name: string | null;
  email: string | null;
  phone: string | null;
  address: Record<string, unknown> | null;
  metadata: Metadata | null;
  created_at: number;
  updated_at: number;
}

export interface Product {
  id: string;
  entity: 'product';
  livemode: boolean;
  name: string;
  description: string | null;
  images: string[];
  metadata: Metadata | null;
  created_at: number;
  updated_at: number;
}

export interface Price {
  id: string;
  entity: 'price';
  livemode: boolean;
  amount: number;
  currency: 'dzd';
  product_id: string;
  metadata: Metadata | null;
  created_at: number;
  updated_at: number;
}

export interface SentEvent {
  id: string;
  type: string;
  checkoutId: string;
  url: string;
  body: string;
  /** Status of the last attempt; null = none yet, or no answer. */
  httpStatus: number | null;
}

/** One merchant, in test or in live mode as its key says. */
export interface Merchant {
  world: World;
  secretKey: string;
  livemode: boolean;
  /** Whole dinars; null = no minimum. */
  minimumAmount: number | null;
  publicUrl: () => string;
  sender: WebhookSender;
  checkouts: Checkout[];
  items: Map<string, Item[]>;
  customers: Customer[];
  products: Product[];
  prices: Price[];
  events: SentEvent[];
}
