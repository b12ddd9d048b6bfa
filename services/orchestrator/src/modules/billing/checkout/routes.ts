import { type Route, route } from '#core/http/route.ts';
import { InvoiceParams } from '../invoices/schemas.ts';
import { NoUsableAnswer, PaymentsNotConfigured } from '../providers/errors.ts';
import { Checkout, CreateCheckout } from './schemas.ts';
import { InvoiceNotPayable, PaymentRefused, createCheckout } from './service.ts';

export const checkoutRoutes: Route[] = [
  route({
    method: 'post',
    path: '/v1/invoices/:invoiceId/checkout',
    access: 'tenant',
    scope: 'billing:write',
    tag: 'Invoices',
    summary: 'Get a payment page for an invoice',
    description: 'A page that is younger than 25 minutes is given again. It leads back to /billing/return.',
    params: InvoiceParams,
    body: CreateCheckout,
    response: { status: 201, schema: Checkout },
    errors: [InvoiceNotPayable, PaymentRefused, PaymentsNotConfigured, NoUsableAnswer],
    idempotency: 'repeatable',
    handle: (ctx, { params }) => createCheckout(ctx, params.invoiceId),
  }),
];
