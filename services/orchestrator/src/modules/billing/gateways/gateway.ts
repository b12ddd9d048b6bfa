export type Provider = 'stripe' | 'chargily';

interface Owed {
  /** Id of our attempt: idempotency key and proof of whose payment it is. */
  attemptId: string;
  tenantId: string;
  invoiceId: string;
  currency: string;
  amountMinor: number;
  title: string;
}

export interface CheckoutRequest extends Owed {
  /** Who the tenant is at the provider; null where a provider has no customers. */
  customerId: string | null;
  /** The customer lets us charge the card again for what falls due later. */
  keepCard: boolean;
  locale: 'en' | 'fr';
  successUrl: string;
  cancelUrl: string;
  expiresAt: Date;
}

export interface ChargeRequest extends Owed {
  customerId: string;
  methodId: string;
}

/** A payment page, or the charge of a kept card, as its provider tells of it. */
export interface CheckoutPage {
  id: string;
  /** `complete`: somebody has gone through it, and `isPaid` says whether money came; `failed`: refused for good. */
  status: 'open' | 'complete' | 'expired' | 'failed';
  isPaid: boolean;
  isLive: boolean;
  url: string | null;
  amountMinor: number;
  currency: string;
  metadata: Record<string, string>;
  /** The payment behind it, once somebody has tried. */
  paymentId: string | null;
  /** Why the last try failed. */
  failure: string | null;
  /** The bank wants to hear it from the card's owner, who is not there. */
  needsOwner: boolean;
}

export interface SavedCard {
  methodId: string;
  brand: string;
  last4: string;
  expMonth: number;
  expYear: number;
}

/** Cards that are kept at the provider, for what falls due while nobody is there. */
interface CardKeeper {
  /** The card of this payment becomes the one that is charged. */
  keep(customerId: string, paymentId: string): Promise<void>;
  current(customerId: string): Promise<SavedCard | undefined>;
  /** One that is gone already is left alone. */
  remove(methodId: string): Promise<void>;
  /** A declined card is an answer (`failed`), not an error. */
  charge(request: ChargeRequest): Promise<CheckoutPage>;
  /** A charge whose answer was lost. */
  findCharge(customerId: string, attemptId: string): Promise<CheckoutPage | undefined>;
  /** A page on which cards are changed, and nothing else. */
  portalUrl(customerId: string, returnUrl: string): Promise<string>;
}

/** What has gone back of one payment, over all its refunds. */
export interface Refunded {
  refundId: string | null;
  refundedMinor: number;
  isPending: boolean;
  /** Why the last one did not go through. */
  problem: string | null;
}

interface RefundDesk {
  /** All of it. The same key again is the same refund. */
  refund(paymentId: string, key: string): Promise<void>;
  read(paymentId: string): Promise<Refunded>;
}

/** Collects invoices for an engine that leaves that to us. What is optional, not every provider can do. */
export interface PaymentGateway {
  readonly provider: Provider;
  /** The mode of our key: in test mode money is only played with. Null when the key does not say. */
  readonly isLive: boolean | null;
  /** How long a page may be paid. */
  readonly pageLifeMs: number;
  takes(amount: { currency: string; amountMinor: number }): boolean;
  createCheckout(request: CheckoutRequest): Promise<CheckoutPage>;
  readCheckout(id: string): Promise<CheckoutPage>;
  /** Closes the payment page; one that is no longer open is left as it is. */
  expireCheckout(id: string): Promise<void>;
  /**
   * Only where a repeated create makes a second page: every page that was made for the attempt, also one whose answer
   * never reached us.
   */
  pagesOf?(attempt: { attemptId: string; since: Date }): Promise<CheckoutPage[]>;
  createCustomer?(customer: { tenantId: string; name: string; email: string }): Promise<string>;
  readonly cards?: CardKeeper;
  readonly refunds?: RefundDesk;
}
