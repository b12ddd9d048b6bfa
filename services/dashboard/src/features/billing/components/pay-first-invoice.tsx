import { CircleCheck } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '#i18n/use-format.ts';
import { ErrorNotice } from '#ui/notice.tsx';
import { Progress } from '#ui/progress.tsx';
import { isPaid, useFirstInvoice } from '../api/invoices.ts';
import { PayForm } from './pay-form.tsx';

interface PayFirstInvoiceProps {
  subscriptionId: string;
  planName: string;
  /** Shown when there is nothing to pay: the plan is free or already paid. */
  whenPaid: ReactNode;
}

/** From "subscribed" to the payment page: waits for the invoice, shows what will be paid, pays. */
export function PayFirstInvoice({ subscriptionId, planName, whenPaid }: PayFirstInvoiceProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const { data: invoice, error, refetch } = useFirstInvoice(subscriptionId);
  if (error && invoice === undefined) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (!invoice) {
    return (
      <div role="status" className="space-y-3 py-4">
        <p className="text-muted">{t('billing.firstInvoice.preparing')}</p>
        <Progress label={t('billing.firstInvoice.preparing')} value={null} />
      </div>
    );
  }
  if (isPaid(invoice)) {
    return (
      <div role="status" className="space-y-4">
        <p className="flex items-center gap-2.5 font-medium">
          <CircleCheck aria-hidden className="size-5 text-success" />
          {t('billing.firstInvoice.nothingToPay')}
        </p>
        {whenPaid}
      </div>
    );
  }
  const amount = format.money(invoice.totalMinor, invoice.currency);
  return (
    <div className="space-y-6">
      <dl className="divide-y divide-line rounded-lg border border-line">
        <Line term={t('billing.firstInvoice.plan')} value={planName} />
        <Line term={t('billing.firstInvoice.number')} value={invoice.number} />
        <Line term={t('billing.firstInvoice.total')} value={amount} isTotal />
      </dl>
      <PayForm invoice={invoice} />
      <p className="text-center text-[0.8125rem] text-muted">{t('billing.firstInvoice.safety')}</p>
    </div>
  );
}

function Line({ term, value, isTotal = false }: { term: string; value: string; isTotal?: boolean }) {
  return (
    <div className="flex items-baseline justify-between gap-4 px-4 py-3">
      <dt className={isTotal ? 'font-medium' : 'text-muted'}>{term}</dt>
      <dd className={isTotal ? 'text-lg font-semibold tabular-nums' : 'font-medium wrap-anywhere'}>{value}</dd>
    </div>
  );
}
