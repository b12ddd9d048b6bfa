import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { Button } from '#ui/button.tsx';
import { Dialog, DialogFooter } from '#ui/dialog.tsx';
import { SelectField, TextField } from '#ui/field.tsx';
import { Form, textOf } from '#ui/form.tsx';
import { useInvite } from '../api/members.ts';
import { ROLES } from '../api/me.ts';

export function InviteDialog({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const { t } = useTranslation();
  const invite = useInvite();

  const submit = (values: FormData) => {
    const email = textOf(values, 'email');
    const role = ROLES.find((known) => known === values.get('role')) ?? 'viewer';
    invite.mutate(
      { email, role },
      {
        onSuccess: () => {
          onOpenChange(false);
          toast.success(t('identity.invite.sent', { email }));
        },
      },
    );
  };

  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={t('identity.invite.title')}
      description={t('identity.invite.description')}
    >
      <Form
        onSubmit={submit}
        error={invite.error}
        errorFields={{ 'invitation.already_member': 'email' }}
        footer={
          <DialogFooter>
            <Button variant="secondary" onClick={() => onOpenChange(false)}>
              {t('ui.cancel')}
            </Button>
            <Button type="submit" isPending={invite.isPending}>
              {t('identity.invite.submit')}
            </Button>
          </DialogFooter>
        }
      >
        <div className="space-y-5">
          <TextField
            name="email"
            type="email"
            label={t('identity.invite.email')}
            placeholder={t('identity.invite.emailPlaceholder')}
            required
          />
          <SelectField
            name="role"
            label={t('identity.invite.role')}
            defaultValue="editor"
            options={ROLES.map((role) => ({ value: role, label: t(`identity.roleChoices.${role}`) }))}
          />
        </div>
      </Form>
    </Dialog>
  );
}
