import { useTranslation } from 'react-i18next';
import { useFormat } from '#i18n/use-format.ts';
import { Notice } from '#ui/notice.tsx';
import { isDue, useInvoices } from '../api/invoices.ts';
import { PayButton } from './pay-button.tsx';

/** The oldest invoice that waits for money; nothing when all are paid. */
export function DueInvoiceNotice({ canPay }: { canPay: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { data } = useInvoices();
  const due = data?.items.filter(isDue).at(-1);
  if (!due) return null;
  return (
    <Notice
      tone="warning"
      title={t('billing.due.title', { amount: format.money(due.totalMinor, due.currency) })}
      {...(canPay ? { action: <PayButton invoice={due} size="sm" /> } : {})}
    >
      {canPay ? t('billing.due.description') : t('billing.due.askOwner')}
    </Notice>
  );
}
