import { useTranslation } from 'react-i18next';
import { Button } from '#ui/button.tsx';
import { Dialog, DialogFooter } from '#ui/dialog.tsx';
import { CheckboxField, SelectField, TextField } from '#ui/field.tsx';
import { Form, textOf, useFieldError } from '#ui/form.tsx';
import { expiryOf, EXPIRIES } from '#lib/expiry.ts';
import { SCOPES, useCreateApiKey } from '../api/api-keys.ts';

interface CreateApiKeyDialogProps {
  onClose: () => void;
  onCreated: (secret: string) => void;
}

export function CreateApiKeyDialog({ onClose, onCreated }: CreateApiKeyDialogProps) {
  const { t } = useTranslation();
  const create = useCreateApiKey();

  const submit = (values: FormData) => {
    const granted = new Set(values.getAll('scopes'));
    const expiresAt = expiryOf(textOf(values, 'expiry'), new Date());
    create.mutate(
      {
        name: textOf(values, 'name'),
        scopes: SCOPES.filter((scope) => granted.has(scope)),
        ...(expiresAt === null ? {} : { expiresAt }),
      },
      { onSuccess: ({ secret }) => onCreated(secret) },
    );
  };

  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={t('identity.apiKeys.createTitle')}
      description={t('identity.apiKeys.createDescription')}
    >
      <Form
        onSubmit={submit}
        error={create.error}
        footer={
          <DialogFooter>
            <Button variant="secondary" onClick={onClose}>
              {t('ui.cancel')}
            </Button>
            <Button type="submit" isPending={create.isPending}>
              {t('identity.apiKeys.create')}
            </Button>
          </DialogFooter>
        }
      >
        <div className="space-y-5">
          <TextField
            name="name"
            label={t('identity.apiKeys.name')}
            placeholder={t('identity.apiKeys.namePlaceholder')}
            required
            maxLength={100}
          />
          <ScopeChoice />
          <SelectField
            name="expiry"
            label={t('ui.expiry.label')}
            defaultValue="90"
            options={EXPIRIES.map((expiry) => ({ value: expiry, label: t(`ui.expiry.${expiry}`) }))}
          />
        </div>
      </Form>
    </Dialog>
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
