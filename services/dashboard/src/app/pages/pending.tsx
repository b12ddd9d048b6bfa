import { useTranslation } from 'react-i18next';
import { Spinner } from '#ui/spinner.tsx';

export function PendingPage() {
  const { t } = useTranslation();
  return (
    <div role="status" className="grid min-h-[50dvh] place-items-center text-muted">
      <Spinner className="size-6" />
      <span className="sr-only">{t('ui.loading')}</span>
    </div>
  );
}
