import test from 'ava';
import { startBillingWorld } from '#test/support/billing-world.ts';
import { atEnd } from '#test/support/stack.ts';

test('without a payment provider an order is billed, and paying it is refused with the reason', async (t) => {
  const env = {
    STRIPE_SECRET_KEY: '',
    STRIPE_WEBHOOK_SECRET: '',
    CHARGILY_SECRET_KEY: '',
    BILLING_RECONCILE_MS: '1000',
  };
  const world = await startBillingWorld(atEnd(t), { env });
  const owner = await world.createOwner();
  const { id } = await owner.subscribe('starter-m-eur-v1');
  const invoice = await owner.invoiceOf(id);
  const refused = await owner.post(`/v1/invoices/${invoice.id}/checkout`, {});
  t.is(refused.status, 409);
  t.like((refused.body as { error: object }).error, { code: 'payment.not_configured' });
  t.regex((refused.body as { error: { message: string } }).error.message, /operator/);
  t.deepEqual(await world.app.ctx.db('payment_attempts'), [], 'nothing is left behind that would be asked about later');

  const webhook = await fetch(`${world.api.url}/webhooks/stripe`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'stripe-signature': 't=1,v1=00' },
    body: '{}',
  });
  t.is(webhook.status, 503, 'Stripe comes again later');

  const signed = await fetch(`${world.api.url}/webhooks/chargily`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', signature: '00' },
    body: '{}',
  });
  t.is(signed.status, 503);
  t.deepEqual(await owner.get(`/v1/invoices/${invoice.id}/payment-providers`), { items: [] });
});
