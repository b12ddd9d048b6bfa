import { NotFound } from '#core/errors.ts';
import { pageQuery } from '#core/http/pagination.ts';
import { type Route, route } from '#core/http/route.ts';
import { RefundByHand, RefundedPayment } from '#modules/billing/refunds/schemas.ts';
import { NotRefundable, RefundNeedsHand, markRefundedByHand, refundPayment } from '#modules/billing/refunds/service.ts';
import { TenantNotFound } from '#modules/identity/tenants/service.ts';
import { CustomerParams } from '../customers/schemas.ts';
import { AdminPaymentPage, PaymentParams, QueuedRefundPage, RefundQuery } from './schemas.ts';
import { customerPayments, listRefunds } from './service.ts';

const tag = 'Platform: payments';
const path = '/v1/admin/refunds';

export const adminPaymentRoutes: Route[] = [
  route({
    method: 'get',
    path: '/v1/admin/tenants/:tenantId/payments',
    access: 'platform',
    scope: 'platform_payments:read',
    tag,
    summary: 'List what a tenant has paid, newest first',
    params: CustomerParams,
    query: pageQuery,
    response: { status: 200, schema: AdminPaymentPage },
    errors: [TenantNotFound],
    handle: (ctx, { params, query }) => customerPayments(ctx, params.tenantId, query),
  }),
  route({
    method: 'get',
    path,
    access: 'platform',
    scope: 'platform_payments:read',
    tag,
    summary: 'List money to give back, newest first',
    description: 'Payments that settle nothing: a second one of the same invoice, or one of an order that was over.',
    query: RefundQuery,
    response: { status: 200, schema: QueuedRefundPage },
    handle: (ctx, { query }) => listRefunds(ctx, query),
  }),
  route({
    method: 'post',
    path: `${path}/:paymentId/refund`,
    access: 'platform',
    scope: 'platform_payments:write',
    tag,
    summary: 'Give a payment back by the way it came',
    description: 'The provider is asked until it answers; a second call meanwhile is refused.',
    params: PaymentParams,
    response: { status: 200, schema: RefundedPayment },
    errors: [NotFound, NotRefundable, RefundNeedsHand],
    handle: (ctx, { params }) => refundPayment(ctx, params.paymentId),
  }),
  route({
    method: 'post',
    path: `${path}/:paymentId/by-hand`,
    access: 'platform',
    scope: 'platform_payments:write',
    tag,
    summary: 'Note that a payment was given back by hand',
    description:
      'For money that went back in the provider’s dashboard or by a transfer. Nobody is asked whether it did.',
    params: PaymentParams,
    body: RefundByHand,
    response: { status: 200, schema: RefundedPayment },
    errors: [NotFound, NotRefundable],
    handle: (ctx, { params, body }) => markRefundedByHand(ctx, params.paymentId, body),
  }),
];
