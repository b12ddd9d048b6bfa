import { randomUUID } from 'node:crypto';
import type { World } from '../kernel/stand-in.ts';
import type {
  CreditNote,
  Customer,
  Invoice,
  Metric,
  Plan,
  Subscription,
  UsageEvent,
  WebhookEndpoint,
  WebhookRow,
} from './model.ts';
import type { Webhooks } from './webhooks.ts';

export interface Rows {
  customers: Customer[];
  metrics: Metric[];
  plans: Plan[];
  subscriptions: Subscription[];
  events: UsageEvent[];
  invoices: Invoice[];
  creditNotes: CreditNote[];
  endpoints: WebhookEndpoint[];
  webhooks: WebhookRow[];
}

/** The one organisation of this Lago: its rows, its clock, its way to tell the world. */
export interface Organization {
  id: string;
  world: World;
  apiKey: string;
  hmacKey: string;
  /** LAGO_API_URL: the `iss` of signed webhooks and the base of file links. */
  apiUrl: string;
  rows: Rows;
  webhooks: Webhooks;
}

export const emptyRows = (): Rows => ({
  customers: [],
  metrics: [],
  plans: [],
  subscriptions: [],
  events: [],
  invoices: [],
  creditNotes: [],
  endpoints: [],
  webhooks: [],
});

export const newId = (): string => randomUUID();

export const now = (org: Organization): Date => org.world.clock.now();
