import { useTranslation } from 'react-i18next';
import { Button } from './button.tsx';
import { CopyableText } from './copy-button.tsx';
import { Dialog, DialogFooter } from './dialog.tsx';
import { Notice } from './notice.tsx';

interface SecretDialogProps {
  /** Null keeps the dialog closed. */
  secret: string | null;
  title: string;
  label: string;
  onClose: () => void;
}

/** Shows a secret the only time it is known. A stray click does not close it. */
export function SecretDialog({ secret, title, label, onClose }: SecretDialogProps) {
  const { t } = useTranslation();
  return (
    <Dialog
      open={secret !== null}
      onOpenChange={(open) => !open && onClose()}
      title={title}
      description={t('ui.secret.description')}
      isDismissable={false}
    >
      <CopyableText text={secret ?? ''} label={label} />
      <Notice tone="warning" className="mt-4">
        {t('ui.secret.once')}
      </Notice>
      <DialogFooter>
        <Button onClick={onClose}>{t('ui.secret.saved')}</Button>
      </DialogFooter>
    </Dialog>
  );
}
