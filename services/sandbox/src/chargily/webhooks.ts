import { createHmac } from 'node:crypto';
import { newId, nowSeconds } from './http.ts';
import type { Checkout, Merchant, SentEvent } from './model.ts';

/** Tells the checkout's own endpoint; a checkout without one is known only by polling. */
export function announce(merchant: Merchant, checkout: Checkout, type: string): void {
  if (!checkout.webhook_endpoint) return;
  const at = nowSeconds(merchant);
  const id = newId(merchant);
  const event = {
    id,
    entity: 'event',
    // A string here, a boolean on the object: so the vendor's own examples have it.
    livemode: String(merchant.livemode),
    type,
    data: checkout,
    created_at: at,
    updated_at: at,
  };
  const sent: SentEvent = {
    id,
    type,
    checkoutId: checkout.id,
    url: checkout.webhook_endpoint,
    body: JSON.stringify(event),
    httpStatus: null,
  };
  merchant.events.push(sent);
  deliver(merchant, sent);
}

/** Nothing in the signature says when: an old delivery verifies as well as a new one. */
export function deliver(merchant: Merchant, event: SentEvent, secretKey = merchant.secretKey): void {
  merchant.sender.send({
    url: event.url,
    body: event.body,
    headers: () => ({ signature: createHmac('sha256', secretKey).update(event.body).digest('hex') }),
    onAttempt: (status) => {
      event.httpStatus = status;
    },
  });
}
