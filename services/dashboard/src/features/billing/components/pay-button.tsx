import { useState, type ComponentProps } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '#ui/button.tsx';
import { Dialog } from '#ui/dialog.tsx';
import type { Invoice } from '../api/invoices.ts';
import { PayForm } from './pay-form.tsx';

interface PayButtonProps extends Pick<ComponentProps<typeof Button>, 'size' | 'className'> {
  invoice: Invoice;
  label?: string;
}

/** Asks how to pay, and leads to the payment page. */
export function PayButton({ invoice, label, ...button }: PayButtonProps) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button
        {...button}
        onClick={() => setOpen(true)}
        aria-label={label === undefined ? t('billing.payOne', { number: invoice.number }) : undefined}
      >
        {label ?? t('billing.pay')}
      </Button>
      {isOpen && (
        <Dialog open onOpenChange={setOpen} title={t('billing.payOne', { number: invoice.number })}>
          <PayForm invoice={invoice} />
        </Dialog>
      )}
    </>
  );
}
