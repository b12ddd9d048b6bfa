import { pageQuery } from '#core/http/pagination.ts';
import { type Route, route } from '#core/http/route.ts';
import { Invoice, InvoicePage, InvoiceParams } from './schemas.ts';
import { getInvoice, listInvoices } from './service.ts';

const tag = 'Invoices';

export const invoiceRoutes: Route[] = [
  route({
    method: 'get',
    path: '/v1/invoices',
    access: 'tenant',
    scope: 'billing:read',
    tag,
    summary: 'List invoices, newest first',
    query: pageQuery,
    response: { status: 200, schema: InvoicePage },
    handle: (ctx, { query }) => listInvoices(ctx, query),
  }),
  route({
    method: 'get',
    path: '/v1/invoices/:invoiceId',
    access: 'tenant',
    scope: 'billing:read',
    tag,
    summary: 'Get an invoice',
    params: InvoiceParams,
    response: { status: 200, schema: Invoice },
    handle: (ctx, { params }) => getInvoice(ctx, params.invoiceId),
  }),
];
