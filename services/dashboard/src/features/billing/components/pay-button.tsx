import type { ComponentProps } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '#ui/button.tsx';
import { useErrorToast } from '#ui/use-error-toast.ts';
import { useCheckout, type Invoice } from '../api/invoices.ts';

interface PayButtonProps extends Pick<ComponentProps<typeof Button>, 'size' | 'className'> {
  invoice: Invoice;
  label?: string;
}

/** Leads to the payment page; stays busy until the browser has left. */
export function PayButton({ invoice, label, ...button }: PayButtonProps) {
  const { t } = useTranslation();
  const checkout = useCheckout();
  const showError = useErrorToast();
  return (
    <Button
      {...button}
      isPending={checkout.isPending || checkout.isSuccess}
      onClick={() => checkout.mutate(invoice.id, { onError: showError })}
      aria-label={label === undefined ? t('billing.payOne', { number: invoice.number }) : undefined}
    >
      {label ?? t('billing.pay')}
    </Button>
  );
}
