import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { slugOf } from '#lib/slug.ts';
import { Button } from '#ui/button.tsx';
import { SelectField, TextField } from '#ui/field.tsx';
import { Form, textOf } from '#ui/form.tsx';
import { CURRENCIES, useCreateTenant } from '../api/tenants.ts';

export function CreateTenantForm({ onCreated }: { onCreated: () => void }) {
  const { t } = useTranslation();
  const create = useCreateTenant();
  const [name, setName] = useState('');
  const [ownSlug, setOwnSlug] = useState<string | null>(null);

  const submit = (values: FormData) => {
    const currency = CURRENCIES.find((known) => known === values.get('currency')) ?? 'EUR';
    create.mutate({ name: textOf(values, 'name'), slug: textOf(values, 'slug'), currency }, { onSuccess: onCreated });
  };

  return (
    <Form
      onSubmit={submit}
      error={create.error}
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
          maxLength={63}
          spellCheck={false}
          autoCapitalize="none"
          value={ownSlug ?? slugOf(name)}
          onChange={(event) => setOwnSlug(event.target.value)}
        />
        <SelectField
          name="currency"
          label={t('identity.createTenant.currency')}
          hint={t('identity.createTenant.currencyHint')}
          options={CURRENCIES.map((currency) => ({ value: currency, label: t(`identity.currencies.${currency}`) }))}
        />
      </div>
    </Form>
  );
}
