import { useTranslation } from 'react-i18next';
import { Badge, type Tone } from '#ui/badge.tsx';
import type { Invoice } from '../api/invoices.ts';

type Shown = Invoice['paymentStatus'] | 'voided' | 'overdue';

const TONES: Record<Shown, Tone> = {
  pending: 'warning',
  succeeded: 'success',
  failed: 'danger',
  voided: 'neutral',
  overdue: 'danger',
};

export function PaymentBadge({ invoice }: { invoice: Invoice }) {
  const { t } = useTranslation();
  const shown = shownStatus(invoice);
  return (
    <Badge tone={TONES[shown]} dot="still">
      {t(`billing.paymentStatus.${shown}`)}
    </Badge>
  );
}

function shownStatus({ status, paymentStatus, isOverdue }: Invoice): Shown {
  if (status === 'voided') return 'voided';
  return isOverdue && paymentStatus !== 'succeeded' ? 'overdue' : paymentStatus;
}
