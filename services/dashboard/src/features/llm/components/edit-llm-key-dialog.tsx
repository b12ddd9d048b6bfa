import { useTranslation } from 'react-i18next';
import { useFormat } from '#i18n/use-format.ts';
import { EXPIRIES, expiryOf } from '#lib/expiry.ts';
import { Button } from '#ui/button.tsx';
import { Dialog, DialogFooter } from '#ui/dialog.tsx';
import { SelectField, TextField } from '#ui/field.tsx';
import { Form, textOf } from '#ui/form.tsx';
import type { KeyDialogProps } from '#ui/keys-card.tsx';
import { restrictionsIn } from '../api/key-values.ts';
import { useUpdateLlmKey, type LlmKey } from '../api/keys.ts';
import { LlmKeyFields } from './llm-key-fields.tsx';

const AS_IT_IS = 'asItIs';

export function EditLlmKeyDialog({ subject, onClose }: KeyDialogProps<LlmKey>) {
  const { t } = useTranslation();
  const format = useFormat();
  const update = useUpdateLlmKey(subject.id);
  const { expiresAt } = subject;

  const submit = (values: FormData) => {
    const expiry = textOf(values, 'expiresAt');
    const changed = expiry === AS_IT_IS ? {} : { expiresAt: expiryOf(expiry, new Date()) };
    update.mutate({ name: textOf(values, 'name'), ...restrictionsIn(values), ...changed }, { onSuccess: onClose });
  };

  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={t('llm.keys.editTitle', { name: subject.name })}
      description={t('llm.keys.editDescription')}
    >
      <Form
        onSubmit={submit}
        error={update.error}
        footer={
          <DialogFooter>
            <Button variant="secondary" onClick={onClose}>
              {t('ui.cancel')}
            </Button>
            <Button type="submit" isPending={update.isPending}>
              {t('ui.save')}
            </Button>
          </DialogFooter>
        }
      >
        <div className="space-y-5">
          <TextField name="name" label={t('llm.keys.name')} defaultValue={subject.name} required maxLength={100} />
          <SelectField
            name="expiresAt"
            label={t('ui.expiry.label')}
            defaultValue={expiresAt === null ? 'never' : AS_IT_IS}
            options={[
              ...(expiresAt === null
                ? []
                : [{ value: AS_IT_IS, label: t('llm.keys.expiryAsItIs', { date: format.dateTime(expiresAt) }) }]),
              ...EXPIRIES.map((expiry) => ({ value: expiry, label: t(`ui.expiry.${expiry}`) })),
            ]}
          />
          <LlmKeyFields given={subject} />
        </div>
      </Form>
    </Dialog>
  );
}
