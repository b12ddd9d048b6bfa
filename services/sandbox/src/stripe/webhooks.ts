import { createHmac } from 'node:crypto';
import type { World } from '../kernel/stand-in.ts';
import { WebhookSender } from '../kernel/webhook-sender.ts';
import { API_VERSION, newId, nowSeconds, type Account, type EndpointRow } from './account.ts';
import type { StripeEvent } from './objects.ts';

/** Stripe tries for three days; here three more attempts within seconds. */
const RETRY_MS = [500, 1500, 3000] as const;

export class Webhooks {
  #sender: WebhookSender;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    this.#sender = newSender(world);
  }

  /** `ageSeconds` backdates the signature: at 301 an honest receiver refuses it. */
  deliver(event: StripeEvent, { endpoint, secret }: EndpointRow, ageSeconds = 0): void {
    const body = JSON.stringify(event, null, 2);
    this.#sender.send({
      url: endpoint.url,
      body,
      headers: () => ({ 'stripe-signature': sign(body, secret, ageSeconds) }),
      onAttempt: (status) => {
        if (status !== null && isAccepted(status)) event.pending_webhooks = Math.max(0, event.pending_webhooks - 1);
      },
    });
  }

  stop(): void {
    this.#sender.stop();
  }

  /** Drops what is under way. */
  reset(): void {
    this.#sender.stop();
    this.#sender = newSender(this.#world);
  }
}

const isAccepted = (status: number): boolean => status >= 200 && status < 300;

const newSender = (world: World) => new WebhookSender(world, { standIn: 'stripe', retryMs: RETRY_MS, isAccepted });

// Real time, not the sandbox's: the receiver compares it with its own clock.
function sign(body: string, secret: string, ageSeconds: number): string {
  const t = Math.floor(Date.now() / 1000) - ageSeconds;
  const v1 = createHmac('sha256', secret).update(`${t}.${body}`).digest('hex');
  return `t=${t},v1=${v1}`;
}

/**
 * Records that something happened, with the object as it is now, and tells every endpoint that asked for the type.
 * `before` is a copy of the object from before a change; a change that changed nothing is not told.
 */
export function emit(account: Account, type: string, object: object, before?: object): StripeEvent | undefined {
  const previous = before && differences(before, object);
  if (previous && Object.keys(previous).length === 0) return undefined;
  const rows = account.rows.endpoints.filter((row) => wants(row, type));
  const event: StripeEvent = {
    id: newId('evt'),
    object: 'event',
    api_version: API_VERSION,
    created: nowSeconds(account),
    livemode: false,
    type,
    pending_webhooks: rows.length,
    request: { id: account.request?.id ?? null, idempotency_key: account.request?.idempotencyKey ?? null },
    data: { object: structuredClone(object), ...(previous && { previous_attributes: previous }) },
  };
  account.rows.events.push(event);
  for (const row of rows) account.webhooks.deliver(event, row);
  return event;
}

/** The old values of the fields that changed, as Stripe lists them. */
function differences(before: object, after: object): Record<string, unknown> {
  const isSame = (key: string) => JSON.stringify(Reflect.get(after, key)) === JSON.stringify(Reflect.get(before, key));
  return Object.fromEntries(Object.entries(before).filter(([key]) => !isSame(key)));
}

export function wants({ endpoint }: EndpointRow, type: string): boolean {
  const { status, enabled_events: types } = endpoint;
  return status === 'enabled' && (types.includes('*') || types.includes(type));
}
