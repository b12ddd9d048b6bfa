import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { slugOf } from '#lib/slug.ts';
import { Button } from '#ui/button.tsx';
import { SelectField, TextField } from '#ui/field.tsx';
import { Form, textOf } from '#ui/form.tsx';
import { CURRENCIES, useCreateTenant, type Currency } from '../api/tenants.ts';

interface CreateTenantFormProps {
  onCreated: () => void;
  /** What follows from a currency: not every plan is sold in each. */
  currencyNote: (currency: Currency) => string | undefined;
}

export function CreateTenantForm({ onCreated, currencyNote }: CreateTenantFormProps) {
  const { t } = useTranslation();
  const create = useCreateTenant();
  const [name, setName] = useState('');
  const [ownSlug, setOwnSlug] = useState<string | null>(null);

  const [currency, setCurrency] = useState<Currency>('EUR');

  const submit = (values: FormData) => {
    create.mutate({ name: textOf(values, 'name'), slug: textOf(values, 'slug'), currency }, { onSuccess: onCreated });
  };

  return (
    <Form
      onSubmit={submit}
      error={create.error}
      errorFields={{ 'tenant.slug_taken': 'slug' }}
      footer={
        <div className="mt-6 flex justify-end">
          <Button type="submit" size="lg" isPending={create.isPending} className="max-sm:w-full">
            {t('identity.createTenant.submit')}
          </Button>
        </div>
      }
    >
      <div className="space-y-5">
        <TextField
          name="name"
          label={t('identity.createTenant.name')}
          placeholder={t('identity.createTenant.namePlaceholder')}
          autoComplete="organization"
          required
          autoFocus
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <TextField
          name="slug"
          label={t('identity.createTenant.slug')}
          hint={t('identity.createTenant.slugHint')}
          required
          maxLength={32}
          spellCheck={false}
          autoCapitalize="none"
          value={ownSlug ?? slugOf(name)}
          onChange={(event) => setOwnSlug(event.target.value)}
        />
        <SelectField
          name="currency"
          label={t('identity.createTenant.currency')}
          hint={currencyNote(currency) ?? t('identity.createTenant.currencyHint')}
          value={currency}
          onChange={(event) => setCurrency(CURRENCIES.find((known) => known === event.target.value) ?? currency)}
          options={CURRENCIES.map((known) => ({ value: known, label: t(`identity.currencies.${known}`) }))}
        />
      </div>
    </Form>
  );
}
