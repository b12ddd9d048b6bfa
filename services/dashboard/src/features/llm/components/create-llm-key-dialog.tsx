import { useTranslation } from 'react-i18next';
import { EXPIRIES, expiryOf } from '#lib/expiry.ts';
import { Button } from '#ui/button.tsx';
import { Dialog, DialogFooter } from '#ui/dialog.tsx';
import { SelectField, TextField } from '#ui/field.tsx';
import { Form, textOf } from '#ui/form.tsx';
import { useCreateLlmKey } from '../api/keys.ts';

interface CreateLlmKeyDialogProps {
  onClose: () => void;
  onCreated: (secret: string) => void;
}

export function CreateLlmKeyDialog({ onClose, onCreated }: CreateLlmKeyDialogProps) {
  const { t } = useTranslation();
  const create = useCreateLlmKey();

  const submit = (values: FormData) => {
    const expiresAt = expiryOf(textOf(values, 'expiry'), new Date());
    create.mutate(
      { name: textOf(values, 'name'), ...(expiresAt === null ? {} : { expiresAt }) },
      { onSuccess: ({ secret }) => onCreated(secret) },
    );
  };

  return (
    <Dialog open onOpenChange={onClose} title={t('llm.keys.createTitle')} description={t('llm.keys.createDescription')}>
      <Form
        onSubmit={submit}
        error={create.error}
        footer={
          <DialogFooter>
            <Button variant="secondary" onClick={onClose}>
              {t('ui.cancel')}
            </Button>
            <Button type="submit" isPending={create.isPending}>
              {t('llm.keys.create')}
            </Button>
          </DialogFooter>
        }
      >
        <div className="space-y-5">
          <TextField
            name="name"
            label={t('llm.keys.name')}
            placeholder={t('llm.keys.namePlaceholder')}
            required
            maxLength={100}
          />
          <SelectField
            name="expiry"
            label={t('ui.expiry.label')}
            defaultValue="never"
            options={EXPIRIES.map((expiry) => ({ value: expiry, label: t(`ui.expiry.${expiry}`) }))}
          />
        </div>
      </Form>
    </Dialog>
  );
}
