import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { EXPIRIES, expiryOf } from '#lib/expiry.ts';
import { Button } from './button.tsx';
import { Dialog, DialogFooter } from './dialog.tsx';
import { SelectField, TextField } from './field.tsx';
import { Form, textOf } from './form.tsx';

interface CreateKeyDialogProps {
  texts: { title: string; description: string; name: string; namePlaceholder: string; submit: string };
  defaultExpiry: (typeof EXPIRIES)[number];
  creation: { isPending: boolean; error: unknown };
  onSubmit: (key: { name: string; expiresAt?: string }, values: FormData) => void;
  onClose: () => void;
  /** The fields that only this kind of key has, below its expiry. */
  children?: ReactNode;
}

/** Asks for a new key's name and expiry, which keys of every kind have. */
export function CreateKeyDialog(props: CreateKeyDialogProps) {
  const { texts, defaultExpiry, creation, onSubmit, onClose, children } = props;
  const { t } = useTranslation();

  const submit = (values: FormData) => {
    const expiresAt = expiryOf(textOf(values, 'expiry'), new Date());
    onSubmit({ name: textOf(values, 'name'), ...(expiresAt === null ? {} : { expiresAt }) }, values);
  };

  return (
    <Dialog open onOpenChange={onClose} title={texts.title} description={texts.description}>
      <Form
        onSubmit={submit}
        error={creation.error}
        footer={
          <DialogFooter>
            <Button variant="secondary" onClick={onClose}>
              {t('ui.cancel')}
            </Button>
            <Button type="submit" isPending={creation.isPending}>
              {texts.submit}
            </Button>
          </DialogFooter>
        }
      >
        <div className="space-y-5">
          <TextField name="name" label={texts.name} placeholder={texts.namePlaceholder} required maxLength={100} />
          <SelectField
            name="expiry"
            label={t('ui.expiry.label')}
            defaultValue={defaultExpiry}
            options={EXPIRIES.map((expiry) => ({ value: expiry, label: t(`ui.expiry.${expiry}`) }))}
          />
          {children}
        </div>
      </Form>
    </Dialog>
  );
}
