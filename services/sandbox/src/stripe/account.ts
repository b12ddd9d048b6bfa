import { randomBytes } from 'node:crypto';
import type { World } from '../kernel/stand-in.ts';
import type {
  Charge,
  Customer,
  Dispute,
  LineItem,
  PaymentIntent,
  PaymentMethod,
  PortalSession,
  Refund,
  Session,
  StripeEvent,
  WebhookEndpoint,
} from './objects.ts';
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
  portalSessions: PortalSession[];
  events: StripeEvent[];
  endpoints: EndpointRow[];
}

/** One Stripe account in test mode. */
export interface Account {
  world: World;
  secretKey: string;
  publicUrl: () => string;
  rows: Rows;
  webhooks: Webhooks;
  /** The API request being answered, for the `request` of the events it causes; null outside one. */
  request: { id: string; idempotencyKey: string | null } | null;
}

export const noRows = (): Rows => ({
  customers: [],
  methods: [],
  intents: [],
  charges: [],
  sessions: [],
  refunds: [],
  disputes: [],
  portalSessions: [],
  events: [],
  endpoints: [],
});

/** Seconds, by the sandbox's clock. */
export const nowSeconds = (account: Account): number => Math.floor(account.world.clock.now().getTime() / 1000);

export const newId = (prefix: string): string => `${prefix}_${randomBytes(18).toString('hex').slice(0, 24)}`;
