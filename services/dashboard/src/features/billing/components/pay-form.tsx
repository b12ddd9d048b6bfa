import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '#i18n/use-format.ts';
import { Button } from '#ui/button.tsx';
import { CheckboxField } from '#ui/field.tsx';
import { Form } from '#ui/form.tsx';
import { Segmented } from '#ui/segmented.tsx';
import { useCheckout, usePaymentProviders, type Invoice } from '../api/invoices.ts';

/** How to pay, where there is a choice; then to the payment page. Stays busy until the browser has left. */
export function PayForm({ invoice }: { invoice: Invoice }) {
  const { t } = useTranslation();
  const format = useFormat();
  const providers = usePaymentProviders(invoice.id);
  const checkout = useCheckout();
  const [picked, setPicked] = useState<string>();
  const ways = providers.data ?? [];
  const way = ways.find(({ provider }) => provider === picked) ?? ways[0];

  const submit = (values: FormData) =>
    checkout.mutate({
      invoiceId: invoice.id,
      provider: way?.provider,
      keepCard: way?.keepsCard === true && values.has('keepCard'),
    });

  return (
    <Form
      onSubmit={submit}
      error={checkout.error}
      footer={
        <Button
          type="submit"
          size="lg"
          className="mt-6 w-full"
          isPending={providers.isLoading || checkout.isPending || checkout.isSuccess}
        >
          {t('billing.payAmount', { amount: format.money(invoice.totalMinor, invoice.currency) })}
        </Button>
      }
    >
      <div className="space-y-4">
        {way && ways.length > 1 && (
          <Segmented
            legend={t('billing.payBy')}
            name="provider"
            value={way.provider}
            options={ways.map(({ provider }) => ({ value: provider, label: t(`billing.providers.${provider}`) }))}
            onChange={setPicked}
          />
        )}
        {way?.keepsCard === true && (
          <CheckboxField name="keepCard" value="yes" label={t('billing.keepCard')} hint={t('billing.keepCardHint')} />
        )}
      </div>
    </Form>
  );
}
