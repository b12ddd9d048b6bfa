import { type Route, route } from '#core/http/route.ts';
import { receiveFromChargily } from './chargily.ts';
import { SenderNotConfigured, SignatureInvalid } from './errors.ts';
import { receiveFromLago } from './lago.ts';
import { receiveFromStripe } from './stripe.ts';

const tag = 'Webhooks';

export const webhookRoutes: Route[] = [
  route({
    method: 'post',
    path: '/webhooks/lago',
    access: 'public',
    tag,
    summary: 'What Lago has to tell (HMAC over the raw body)',
    response: { status: 204 },
    errors: [SignatureInvalid],
    rawBody: true,
    handle: (ctx, { http }) =>
      receiveFromLago(ctx, http.rawBody, {
        signature: http.header('x-lago-signature'),
        algorithm: http.header('x-lago-signature-algorithm'),
        uniqueKey: http.header('x-lago-unique-key'),
      }),
  }),
  route({
    method: 'post',
    path: '/webhooks/stripe',
    access: 'public',
    tag,
    summary: 'What Stripe has to tell (signed, at most five minutes old)',
    response: { status: 204 },
    errors: [SignatureInvalid, SenderNotConfigured],
    rawBody: true,
    handle: (ctx, { http }) => receiveFromStripe(ctx, http.rawBody, http.header('stripe-signature')),
  }),
  route({
    method: 'post',
    path: '/webhooks/chargily',
    access: 'public',
    tag,
    summary: 'What Chargily Pay has to tell (HMAC over the raw body)',
    response: { status: 204 },
    errors: [SignatureInvalid, SenderNotConfigured],
    rawBody: true,
    handle: (ctx, { http }) => receiveFromChargily(ctx, http.rawBody, http.header('signature')),
  }),
];
