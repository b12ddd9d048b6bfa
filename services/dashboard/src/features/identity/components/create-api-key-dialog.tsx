import { useTranslation } from 'react-i18next';
import { CreateKeyDialog } from '#ui/create-key-dialog.tsx';
import { CheckboxField } from '#ui/field.tsx';
import { useFieldError } from '#ui/form.tsx';
import type { KeyCreation } from '#ui/keys-card.tsx';
import { SCOPES, useCreateApiKey } from '../api/api-keys.ts';

export function CreateApiKeyDialog({ onClose, onCreated }: KeyCreation) {
  const { t } = useTranslation();
  const create = useCreateApiKey();
  return (
    <CreateKeyDialog
      texts={{
        title: t('identity.apiKeys.createTitle'),
        description: t('identity.apiKeys.createDescription'),
        name: t('identity.apiKeys.name'),
        namePlaceholder: t('identity.apiKeys.namePlaceholder'),
        submit: t('identity.apiKeys.create'),
      }}
      defaultExpiry="90"
      creation={create}
      onSubmit={(key, values) => {
        const granted = new Set(values.getAll('scopes'));
        create.mutate(
          { ...key, scopes: SCOPES.filter((scope) => granted.has(scope)) },
          { onSuccess: ({ secret }) => onCreated(secret) },
        );
      }}
      onClose={onClose}
    >
      <ScopeChoice />
    </CreateKeyDialog>
  );
}

function ScopeChoice() {
  const { t } = useTranslation();
  const error = useFieldError('scopes');
  return (
    <fieldset aria-invalid={error === undefined ? undefined : true} tabIndex={-1}>
      <legend className="mb-1.5 font-medium">{t('identity.apiKeys.scopes')}</legend>
      <div className="grid grid-cols-1 max-h-72 overflow-y-auto rounded-lg border border-line-strong p-1.5 sm:grid-cols-2">
        {SCOPES.map((scope) => (
          <CheckboxField
            key={scope}
            name="scopes"
            value={scope}
            label={<code className="font-mono text-[0.8125rem]">{scope}</code>}
          />
        ))}
      </div>
      {error !== undefined && (
        <p className="mt-1.5 text-[0.8125rem] font-medium text-danger first-letter:uppercase">{error}</p>
      )}
    </fieldset>
  );
}
