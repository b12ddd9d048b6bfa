import { useTranslation } from 'react-i18next';
import { Button } from '#ui/button.tsx';
import { Dialog, DialogFooter } from '#ui/dialog.tsx';
import { TextField } from '#ui/field.tsx';
import { Form, textOf } from '#ui/form.tsx';
import { useCreateSite, type Site } from '../api/sites.ts';

interface CreateSiteDialogProps {
  onClose: () => void;
  onCreated: (site: Site) => void;
}

export function CreateSiteDialog({ onClose, onCreated }: CreateSiteDialogProps) {
  const { t } = useTranslation();
  const create = useCreateSite();
  return (
    <Dialog open onOpenChange={onClose} title={t('sites.create.title')} description={t('sites.create.description')}>
      <Form
        onSubmit={(values) => create.mutate({ name: textOf(values, 'name') }, { onSuccess: onCreated })}
        error={create.error}
        errorFields={{ 'site.name_taken': 'name' }}
        footer={
          <DialogFooter>
            <Button variant="secondary" onClick={onClose}>
              {t('ui.cancel')}
            </Button>
            <Button type="submit" isPending={create.isPending}>
              {t('sites.create.submit')}
            </Button>
          </DialogFooter>
        }
      >
        <TextField
          name="name"
          label={t('sites.create.name')}
          hint={t('sites.create.nameHint')}
          required
          maxLength={32}
          spellCheck={false}
          autoCapitalize="none"
        />
      </Form>
    </Dialog>
  );
}
