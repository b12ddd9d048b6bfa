import { type Route, route } from '#core/http/route.ts';
import { InvoiceParams } from '../invoices/schemas.ts';
import { NoUsableAnswer, PaymentsNotConfigured } from '../providers/errors.ts';
import { InvoiceNotPayable, NoProviderFits, PaymentRefused, ProviderNotAvailable, ProviderRequired } from './errors.ts';
import { Checkout, CreateCheckout, PaymentProviders } from './schemas.ts';
import { createCheckout, listProviders } from './service.ts';

export const checkoutRoutes: Route[] = [
  route({
    method: 'get',
    path: '/v1/invoices/:invoiceId/payment-providers',
    access: 'tenant',
    scope: 'billing:read',
    tag: 'Invoices',
    summary: 'List the ways in which an invoice can be paid',
    description: 'By its currency and amount, and by what the operator has set up.',
    params: InvoiceParams,
    response: { status: 200, schema: PaymentProviders },
    handle: (ctx, { params }) => listProviders(ctx, params.invoiceId),
  }),
  route({
    method: 'post',
    path: '/v1/invoices/:invoiceId/checkout',
    access: 'tenant',
    scope: 'billing:write',
    tag: 'Invoices',
    summary: 'Get a payment page for an invoice',
    description:
      'A page that is younger than 25 minutes is given again, unless another provider or keepCard is asked for. It leads back to /billing/return.',
    params: InvoiceParams,
    body: CreateCheckout,
    response: { status: 201, schema: Checkout },
    errors: [
      InvoiceNotPayable,
      ProviderRequired,
      ProviderNotAvailable,
      NoProviderFits,
      PaymentRefused,
      PaymentsNotConfigured,
      NoUsableAnswer,
    ],
    idempotency: 'repeatable',
    handle: (ctx, { params, body }) => createCheckout(ctx, params.invoiceId, body),
  }),
];
