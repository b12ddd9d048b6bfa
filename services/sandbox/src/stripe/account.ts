import { randomBytes } from 'node:crypto';
import type { World } from '../kernel/stand-in.ts';
import type {
  Charge,
  Customer,
  Dispute,
  LineItem,
  PaymentIntent,
  PaymentMethod,
  PortalConfiguration,
  PortalSession,
  Refund,
  Session,
  SetupIntent,
  StripeEvent,
  WebhookEndpoint,
} from './objects.ts';
import type { Invoice, InvoiceItem, InvoicePayment } from './billing/invoice-objects.ts';
import type { Price, Product, Subscription, SubscriptionItem, SubscriptionSchedule } from './billing/objects.ts';
import type { CardBehaviour } from './cards.ts';
import type { Webhooks } from './webhooks.ts';

export const API_VERSION = '2026-10-28.endive';

export interface SessionRow {
  session: Session;
  lineItems: LineItem[];
  /** When the page closes by the sandbox's clock; `expires_at` is what the caller asked for by its own. */
  closesAt: number;
  /** What the PaymentIntent will be given when somebody pays. */
  intent: Pick<PaymentIntent, 'setup_future_usage' | 'description' | 'metadata' | 'receipt_email'>;
  /** What the subscription will be made of in subscription mode. */
  subscription: {
    items: { price: Price; quantity: number }[];
    metadata: Record<string, string>;
    description: string | null;
    trialEnd: number | null;
    trialDays: number | null;
  } | null;
}

export interface SubscriptionRow {
  subscription: Subscription;
  /** How often its present open invoice was tried in vain. */
  failures: number;
  /** The change behind `pending_update`, done once `invoiceId` is paid. */
  pending: PendingChange | null;
  /** End of the period that `invoice.upcoming` was sent for. */
  announcedPeriodEnd: number;
  isTrialEndAnnounced: boolean;
}

export interface PendingChange {
  invoiceId: string;
  items: SubscriptionItem[];
  anchor: number;
  cancelAtPeriodEnd: boolean | null;
  metadata: Record<string, string>;
}

export interface EndpointRow {
  endpoint: WebhookEndpoint;
  secret: string;
}

export interface Rows {
  customers: Customer[];
  methods: { method: PaymentMethod; behaviour: CardBehaviour }[];
  intents: PaymentIntent[];
  charges: Charge[];
  sessions: SessionRow[];
  refunds: Refund[];
  disputes: Dispute[];
  portalConfigurations: PortalConfiguration[];
  portalSessions: PortalSession[];
  events: StripeEvent[];
  endpoints: EndpointRow[];
  setupIntents: SetupIntent[];
  products: Product[];
  prices: Price[];
  subscriptions: SubscriptionRow[];
  invoices: Invoice[];
  invoiceItems: InvoiceItem[];
  invoicePayments: InvoicePayment[];
  schedules: SubscriptionSchedule[];
  /** Ids of customers that are gone: they are still found, as `deleted`. */
  deletedCustomers: string[];
}

/** What the account does when every try of a renewal failed: Stripe's dashboard, «Manage failed payments». */
export interface Dunning {
  /** Days from one try to the next. */
  retryDays: number[];
  subscription: 'cancel' | 'unpaid' | 'past_due';
  invoice: 'open' | 'uncollectible';
}

export const DEFAULT_DUNNING: Dunning = { retryDays: [3, 5, 7], subscription: 'cancel', invoice: 'open' };

/** One Stripe account in test mode. */
export interface Account {
  world: World;
  secretKey: string;
  publicUrl: () => string;
  rows: Rows;
  webhooks: Webhooks;
  /** The API request being answered, for the `request` of the events it causes; null outside one. */
  request: { id: string; idempotencyKey: string | null } | null;
  /** The moment that the clock's work is being done for; null = now. */
  at: number | null;
  dunning: Dunning;
  /** Sent invoices whose due date has passed and been told. */
  overdue: Set<string>;
  /** Told when a PaymentIntent went through, failed or waits for its owner, so that its invoice follows. */
  onPayment: (intent: PaymentIntent) => void;
}

export const noRows = (): Rows => ({
  customers: [],
  methods: [],
  intents: [],
  charges: [],
  sessions: [],
  refunds: [],
  disputes: [],
  portalConfigurations: [],
  portalSessions: [],
  events: [],
  endpoints: [],
  setupIntents: [],
  products: [],
  prices: [],
  subscriptions: [],
  invoices: [],
  invoiceItems: [],
  invoicePayments: [],
  schedules: [],
  deletedCustomers: [],
});

/** Seconds, by the sandbox's clock; while the clock's work is done, the moment it was due. */
export const nowSeconds = (account: Account): number =>
  account.at ?? Math.floor(account.world.clock.now().getTime() / 1000);

export const newId = (prefix: string): string => `${prefix}_${randomBytes(18).toString('hex').slice(0, 24)}`;
