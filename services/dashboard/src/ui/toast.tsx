import { useTranslation } from 'react-i18next';
import { Toaster as Sonner } from 'sonner';
import { useTheme } from '#lib/theme.ts';

export function Toaster() {
  const { t } = useTranslation();
  const { shown } = useTheme();
  return (
    <Sonner
      theme={shown}
      position="bottom-right"
      containerAriaLabel={t('ui.notifications')}
      toastOptions={{
        classNames: {
          toast: '!font-sans !rounded-xl !border-line !bg-surface !text-text !shadow-overlay',
          description: '!text-muted',
        },
      }}
    />
  );
}
