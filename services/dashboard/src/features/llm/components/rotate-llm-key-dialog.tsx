import { useTranslation } from 'react-i18next';
import { Button } from '#ui/button.tsx';
import { Dialog, DialogFooter } from '#ui/dialog.tsx';
import { SelectField } from '#ui/field.tsx';
import { Form, textOf } from '#ui/form.tsx';
import type { KeyDialogProps } from '#ui/keys-card.tsx';
import { useRotateLlmKey, type LlmKey } from '../api/keys.ts';

const OVERLAPS = [
  { name: 'none', seconds: 0 },
  { name: 'hour', seconds: 3600 },
  { name: 'day', seconds: 86_400 },
  { name: 'week', seconds: 604_800 },
] as const;

/** A new secret for the same key, with time to change programs over. */
export function RotateLlmKeyDialog({ subject, onClose, onSecret }: KeyDialogProps<LlmKey>) {
  const { t } = useTranslation();
  const rotate = useRotateLlmKey(subject.id);

  const submit = (values: FormData) => {
    rotate.mutate(Number(textOf(values, 'overlapSeconds')), { onSuccess: ({ secret }) => onSecret(secret) });
  };

  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={t('llm.keys.rotateTitle', { name: subject.name })}
      description={t('llm.keys.rotateDescription')}
    >
      <Form
        onSubmit={submit}
        error={rotate.error}
        footer={
          <DialogFooter>
            <Button variant="secondary" onClick={onClose}>
              {t('ui.cancel')}
            </Button>
            <Button type="submit" isPending={rotate.isPending}>
              {t('llm.keys.rotate')}
            </Button>
          </DialogFooter>
        }
      >
        <SelectField
          name="overlapSeconds"
          label={t('llm.keys.overlap')}
          hint={t('llm.keys.overlapHint')}
          defaultValue="86400"
          options={OVERLAPS.map(({ name, seconds }) => ({
            value: String(seconds),
            label: t(`llm.keys.overlaps.${name}`),
          }))}
        />
      </Form>
    </Dialog>
  );
}
