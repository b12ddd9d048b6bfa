import { useMutation, useQuery } from '@tanstack/react-query';
import { api, unwrap, type ItemOf } from '#api/client.ts';
import { tenantKey } from '#api/current-tenant.ts';
import { useIntent } from '#api/intent.ts';
import { usePages } from '#api/pages.ts';
import { leaveFor } from '#lib/leave.ts';

export type Invoice = ItemOf<'/v1/invoices'>;

export const INVOICES = 'invoices';
const POLL_MS = 1500;

export function useInvoices() {
  return usePages({
    key: tenantKey(INVOICES),
    fetchPage: (query) => unwrap(api.GET('/v1/invoices', { params: { query } })),
  });
}

/** Asks again until the invoice is paid: the payment's webhook usually arrives within seconds of the customer. */
export function useInvoiceUntilPaid(invoiceId: string | null) {
  return useQuery({
    queryKey: tenantKey(INVOICES, invoiceId ?? ''),
    queryFn: () => unwrap(api.GET('/v1/invoices/{invoiceId}', { params: { path: { invoiceId: invoiceId ?? '' } } })),
    enabled: invoiceId !== null,
    refetchInterval: (query) => (query.state.data && isPaid(query.state.data) ? false : POLL_MS),
  });
}

/** Asks again until the subscription has its first invoice: the billing engine makes it a moment after the subscription. */
export function useFirstInvoice(subscriptionId: string | null) {
  return useQuery({
    queryKey: tenantKey(INVOICES, 'first', subscriptionId ?? ''),
    queryFn: () => unwrap(api.GET('/v1/invoices', {})),
    select: ({ items }) => items.find((invoice) => invoice.subscriptionId === subscriptionId) ?? null,
    enabled: subscriptionId !== null,
    refetchInterval: (query) =>
      query.state.data?.items.some((invoice) => invoice.subscriptionId === subscriptionId) === true ? false : POLL_MS,
  });
}

/** In which ways the invoice can be paid here. */
export function usePaymentProviders(invoiceId: string) {
  return useQuery({
    queryKey: tenantKey(INVOICES, 'providers', invoiceId),
    queryFn: () => unwrap(api.GET('/v1/invoices/{invoiceId}/payment-providers', { params: { path: { invoiceId } } })),
    select: ({ items }) => items,
  });
}

interface Way {
  invoiceId: string;
  /** Left to the API when it did not say which there are. */
  provider: 'stripe' | 'chargily' | undefined;
  keepCard: boolean;
}

/** Takes the customer to the payment page. */
export function useCheckout() {
  const mutationFn = useIntent(({ invoiceId, provider, keepCard }: Way, headers) =>
    unwrap(
      api.POST('/v1/invoices/{invoiceId}/checkout', {
        params: { path: { invoiceId } },
        body: { keepCard, ...(provider && { provider }) },
        headers,
      }),
    ),
  );
  return useMutation({
    mutationFn,
    onSuccess: ({ url }) => leaveFor(url),
  });
}

export function isPaid(invoice: Invoice): boolean {
  return invoice.paymentStatus === 'succeeded';
}

export function isDue(invoice: Invoice): boolean {
  return invoice.status === 'finalized' && !isPaid(invoice) && invoice.totalMinor > 0;
}
