import { useTranslation } from 'react-i18next';
import { Badge, type Tone } from '#ui/badge.tsx';
import type { Invoice } from '../api/invoices.ts';

const TONES: Record<Invoice['paymentStatus'], Tone> = { pending: 'warning', succeeded: 'success', failed: 'danger' };

export function PaymentBadge({ status }: { status: Invoice['paymentStatus'] }) {
  const { t } = useTranslation();
  return (
    <Badge tone={TONES[status]} dot="still">
      {t(`billing.paymentStatus.${status}`)}
    </Badge>
  );
}
