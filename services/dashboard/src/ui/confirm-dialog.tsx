import { AlertDialog } from 'radix-ui';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from './button.tsx';
import { DialogFooter } from './dialog.tsx';
import { ErrorNotice } from './notice.tsx';
import { useReturnFocus } from './use-return-focus.ts';

interface ConfirmDialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  /** What will be lost. */
  description: ReactNode;
  confirmLabel: string;
  onConfirm: () => void;
  isPending: boolean;
  error: unknown;
}

/** Asks before something that cannot be taken back; the focus starts on "Cancel". */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { t } = useTranslation();
  const returnFocus = useReturnFocus();
  return (
    <AlertDialog.Root open={props.open} onOpenChange={props.onOpenChange}>
      <AlertDialog.Portal>
        <div aria-hidden className="fixed inset-0 z-40 animate-fade bg-scrim" />
        <AlertDialog.Content
          data-scroll-lock
          {...returnFocus}
          className="fixed inset-x-3 bottom-3 z-50 mx-auto max-w-md animate-rise rounded-2xl border border-line bg-surface p-6 shadow-overlay outline-none sm:top-[22vh] sm:bottom-auto"
        >
          <AlertDialog.Title className="text-base font-semibold">{props.title}</AlertDialog.Title>
          <AlertDialog.Description className="mt-2 text-pretty wrap-anywhere text-muted">
            {props.description}
          </AlertDialog.Description>
          <ErrorNotice error={props.error} className="mt-4" />
          <DialogFooter>
            <AlertDialog.Cancel asChild>
              <Button variant="secondary">{t('ui.cancel')}</Button>
            </AlertDialog.Cancel>
            <Button variant="danger" onClick={props.onConfirm} isPending={props.isPending}>
              {props.confirmLabel}
            </Button>
          </DialogFooter>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
