import { ReceiptText } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '#i18n/use-format.ts';
import { Card, CardHeader } from '#ui/card.tsx';
import { EmptyState } from '#ui/empty-state.tsx';
import { Loaded } from '#ui/loaded.tsx';
import { MoreButton } from '#ui/more-button.tsx';
import { ListSkeleton } from '#ui/skeleton.tsx';
import { Table, type Column } from '#ui/table.tsx';
import { isDue, useInvoices, type Invoice } from '../api/invoices.ts';
import { PayButton } from './pay-button.tsx';
import { PaymentBadge } from './payment-badge.tsx';

export function InvoicesCard({ canPay, emptyAction }: { canPay: boolean; emptyAction: ReactNode }) {
  const { t } = useTranslation();
  const invoices = useInvoices();
  return (
    <Card>
      <CardHeader title={t('billing.invoices.title')} description={t('billing.invoices.description')} />
      <Loaded query={invoices} skeleton={<ListSkeleton />} errorClassName="m-5">
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState
              icon={ReceiptText}
              title={t('billing.invoices.emptyTitle')}
              hint={t('billing.invoices.emptyHint')}
              action={emptyAction}
            />
          ) : (
            <InvoicesTable invoices={items} canPay={canPay} />
          )
        }
      </Loaded>
      <MoreButton query={invoices} />
    </Card>
  );
}

function InvoicesTable({ invoices, canPay }: { invoices: readonly Invoice[]; canPay: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const payable = canPay && invoices.some(isDue);
  const payColumn: Column<Invoice> = {
    key: 'actions',
    header: t('ui.actions'),
    isHeaderHidden: true,
    align: 'end',
    cell: (invoice) => isDue(invoice) && <PayButton invoice={invoice} size="sm" />,
  };
  return (
    <Table
      caption={t('billing.invoices.title')}
      rows={invoices}
      rowKey={(invoice) => invoice.id}
      columns={[
        {
          key: 'number',
          header: t('billing.invoices.number'),
          cell: (invoice) => (
            <>
              <p className="font-medium wrap-anywhere">{invoice.number}</p>
              {invoice.description !== null && <p className="text-muted">{invoice.description}</p>}
            </>
          ),
        },
        {
          key: 'issued',
          header: t('billing.invoices.issued'),
          className: 'text-muted whitespace-nowrap',
          cell: (invoice) => format.date(invoice.issuedAt),
        },
        {
          key: 'status',
          header: t('billing.invoices.status'),
          cell: (invoice) => <PaymentBadge invoice={invoice} />,
        },
        {
          key: 'total',
          header: t('billing.invoices.total'),
          align: 'end',
          className: 'font-medium tabular-nums',
          cell: (invoice) => format.money(invoice.totalMinor, invoice.currency),
        },
        ...(payable ? [payColumn] : []),
      ]}
    />
  );
}
