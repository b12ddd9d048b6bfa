import { type Route, route } from '#core/http/route.ts';
import { NoUsableAnswer } from '../providers/errors.ts';
import { PaymentMethod, PaymentMethodPortal } from './schemas.ts';
import { NoCardSaved, NoPortal, PortalRefused, getPaymentMethod, openPortal, removeCard } from './service.ts';

const tag = 'Payment method';

export const cardRoutes: Route[] = [
  route({
    method: 'get',
    path: '/v1/payment-method',
    access: 'tenant',
    scope: 'billing:read',
    tag,
    summary: 'Get the card that is kept',
    description: 'It is charged when an invoice of a subscription that was paid once is issued.',
    response: { status: 200, schema: PaymentMethod },
    handle: (ctx) => getPaymentMethod(ctx),
  }),
  route({
    method: 'delete',
    path: '/v1/payment-method',
    access: 'tenant',
    scope: 'billing:write',
    tag,
    summary: 'Remove the card that is kept',
    description: 'Later invoices are then asked for by mail.',
    response: { status: 204 },
    errors: [NoCardSaved, NoUsableAnswer],
    handle: (ctx) => removeCard(ctx),
  }),
  route({
    method: 'post',
    path: '/v1/payment-method/portal',
    access: 'tenant',
    scope: 'billing:write',
    tag,
    summary: 'Get a page on which the card is changed',
    description: 'Of the payment provider; it leads back to /billing.',
    response: { status: 201, schema: PaymentMethodPortal },
    errors: [NoPortal, PortalRefused, NoUsableAnswer],
    idempotency: 'repeatable',
    handle: (ctx) => openPortal(ctx),
  }),
];
