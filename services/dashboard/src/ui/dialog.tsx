import { X } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { cn } from '#lib/cn.ts';
import { Button } from './button.tsx';
import { useReturnFocus } from './use-return-focus.ts';

// Not Radix's Overlay: it locks the scroll with an injected <style>, which the CSP refuses (see data-scroll-lock in index.css).
const SCRIM = 'fixed inset-0 z-40 animate-fade bg-scrim';

interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: ReactNode;
  /** Off for what must not be lost by a stray click, such as a secret shown once. */
  isDismissable?: boolean;
  size?: 'md' | 'lg';
  children: ReactNode;
}

export function Dialog({
  open,
  onOpenChange,
  title,
  description,
  isDismissable = true,
  size = 'md',
  children,
}: DialogProps) {
  const { t } = useTranslation();
  const returnFocus = useReturnFocus();
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <div aria-hidden className={SCRIM} />
        <Radix.Content
          data-scroll-lock
          {...returnFocus}
          {...(description === undefined ? { 'aria-describedby': undefined } : {})}
          onPointerDownOutside={(event) => !isDismissable && event.preventDefault()}
          onEscapeKeyDown={(event) => !isDismissable && event.preventDefault()}
          className={cn(
            'fixed inset-x-3 bottom-3 z-50 mx-auto max-h-[calc(100dvh-1.5rem)] animate-rise overflow-y-auto rounded-2xl border border-line bg-surface p-6 shadow-overlay outline-none sm:inset-x-6 sm:top-[12vh] sm:bottom-auto sm:max-h-[80vh]',
            size === 'md' ? 'max-w-lg' : 'max-w-2xl',
          )}
        >
          <div className="mb-5 pr-8">
            <Radix.Title className="text-base font-semibold">{title}</Radix.Title>
            {description !== undefined && (
              <Radix.Description className="mt-1 text-pretty text-muted">{description}</Radix.Description>
            )}
          </div>
          {children}
          {isDismissable && (
            <Radix.Close asChild>
              <Button variant="ghost" size="iconSm" className="absolute top-4 right-4" aria-label={t('ui.close')}>
                <X aria-hidden />
              </Button>
            </Radix.Close>
          )}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

export function DialogFooter({ children }: { children: ReactNode }) {
  return <div className="mt-6 flex flex-col-reverse gap-2 sm:flex-row sm:justify-end">{children}</div>;
}

/** A panel from the left edge: the navigation on small screens. */
export function Sheet({
  open,
  onOpenChange,
  title,
  children,
}: Pick<DialogProps, 'open' | 'onOpenChange' | 'title' | 'children'>) {
  const { t } = useTranslation();
  const returnFocus = useReturnFocus();
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <div aria-hidden className={SCRIM} />
        <Radix.Content
          data-scroll-lock
          {...returnFocus}
          aria-describedby={undefined}
          className="fixed inset-y-0 left-0 z-50 flex w-72 max-w-[85vw] animate-slide flex-col border-r border-line bg-sidebar shadow-overlay outline-none"
        >
          <Radix.Title className="sr-only">{title}</Radix.Title>
          {children}
          <Radix.Close asChild>
            <Button variant="ghost" size="iconSm" className="absolute top-3.5 right-3" aria-label={t('ui.close')}>
              <X aria-hidden />
            </Button>
          </Radix.Close>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
