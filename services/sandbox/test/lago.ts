import { createLago } from '../src/lago/lago.ts';
import { receive, type Receiver } from './receiver.ts';
import { ClockFrom, serve, type Served } from './serve.ts';

export const API_KEY = 'lago-key';
export const HMAC_KEY = 'lago-hmac-key';

type Json = Record<string, unknown>;

/** What the tests read of Lago's answers; all of it is there when the call went as the test expects. */
export interface Body {
  status: number;
  code: string;
  error_details: unknown;
  meta: { current_page: number; total_count: number };
  billable_metric: { lago_id: string };
  charge: { properties: unknown };
  customer: { lago_id: string; metadata: unknown[] };
  customer_usage: UsageBody;
  usage_periods: UsageBody[];
  event: { lago_id: string };
  events: { lago_id: string }[];
  invoice: InvoiceBody;
  invoices: InvoiceBody[];
  plan: { charges: { lago_id: string; code: string; properties: { amount: string } }[] };
  plans: unknown[];
  credit_note: CreditNoteBody;
  credit_notes: CreditNoteBody[];
  subscription: SubscriptionBody;
  subscriptions: SubscriptionBody[];
  webhook: { public_key: string };
  webhook_endpoint: { lago_id: string };
  webhook_endpoints: unknown[];
}

interface UsageBody {
  from_datetime: string;
  to_datetime: string;
  amount_cents: number;
  charges_usage: { units: string; amount_cents: number; events_count: number }[];
}

interface CreditNoteBody {
  lago_id: string;
  credit_status: string;
  balance_amount_cents: number;
}

export interface SubscriptionBody {
  lago_id: string;
  external_id: string;
  plan_code: string;
  status: string;
  next_plan_code: string | null;
  started_at: string;
  current_billing_period_ending_at: string;
}

export interface InvoiceBody {
  lago_id: string;
  number: string;
  status: string;
  payment_status: string;
  payment_overdue: boolean;
  issuing_date: string;
  total_amount_cents: number;
  total_due_amount_cents: number;
  credit_notes_amount_cents: number;
  file_url: string | null;
  metadata: { key: string; value: string }[];
  subscriptions: SubscriptionBody[];
  billing_periods: { invoicing_reason: string; external_subscription_id: string }[];
  fees: { amount_cents: number; units: string; item: { type: string; code: string } }[];
}

export interface Answer {
  status: number;
  body: Body;
}

export interface LagoUnderTest extends Served {
  call: (method: string, path: string, body?: unknown) => Promise<Answer>;
  hooks: Receiver;
  advanceTo: (instant: string) => Promise<void>;
  stop(): Promise<void>;
}

/** A Lago of its own whose clock starts at `start`, with a receiver registered for its webhooks. */
export async function startLago(start = '2026-11-03T10:00:00Z', algorithm: 'hmac' | 'jwt' = 'hmac') {
  const clock = new ClockFrom(start);
  const served = await serve((world) => createLago(world, { apiKey: API_KEY, hmacKey: HMAC_KEY }), clock);
  const hooks = await receive();
  const call = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const response = await fetch(`${served.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Body };
  };
  await call('POST', '/webhook_endpoints', {
    webhook_endpoint: { webhook_url: hooks.url, signature_algo: algorithm, name: 'test' },
  });
  const lago: LagoUnderTest = {
    ...served,
    call,
    hooks,
    advanceTo: async (instant) => {
      await clock.advance(new Date(instant).getTime() - clock.now().getTime());
    },
    stop: async () => {
      await served.standIn.stop?.();
      await Promise.all([served.close(), hooks.close()]);
    },
  };
  return lago;
}

export const plan = (code: string, amountCents: number, more: Json = {}) => ({
  plan: {
    name: code,
    code,
    interval: 'monthly',
    amount_cents: amountCents,
    amount_currency: 'DZD',
    pay_in_advance: true,
    ...more,
  },
});

export const subscription = (externalId: string, planCode: string, more: Json = {}) => ({
  subscription: {
    external_customer_id: 'ten_1',
    plan_code: planCode,
    external_id: externalId,
    billing_time: 'anniversary',
    ...more,
  },
});

export const ofType = (type: string) => (delivery: { json: Json }) => delivery.json['webhook_type'] === type;

/** Waits for one webhook of the type and gives its object. */
export async function hook(
  lago: LagoUnderTest,
  type: string,
  objectType: 'invoice' | 'subscription' | 'events_errors',
): Promise<unknown> {
  const [delivery] = await lago.hooks.wait(1, ofType(type));
  return delivery?.json[objectType];
}
