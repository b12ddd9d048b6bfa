import { useRouter, type ErrorComponentProps } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Button } from '#ui/button.tsx';
import { ErrorReference } from '#ui/notice.tsx';
import { useDocumentTitle } from '#ui/page.tsx';
import { useErrorMessage } from '#ui/use-error-message.ts';

export function ErrorPage({ error, reset }: ErrorComponentProps) {
  const { t } = useTranslation();
  const router = useRouter();
  const messageOf = useErrorMessage();
  useDocumentTitle(t('app.error.title'));
  const retry = () => {
    reset();
    void router.invalidate();
  };
  return (
    <div role="alert" className="grid min-h-[80dvh] place-items-center px-6 text-center">
      <div className="max-w-md">
        <h1 className="text-2xl font-semibold">{t('app.error.title')}</h1>
        <p className="mt-2 text-pretty text-muted">{messageOf(error)}</p>
        <div className="mt-3">
          <ErrorReference error={error} />
        </div>
        <div className="mt-6 flex justify-center gap-2">
          <Button onClick={retry}>{t('ui.retry')}</Button>
          <Button variant="secondary" asChild>
            <a href="/">{t('app.backToOverview')}</a>
          </Button>
        </div>
      </div>
    </div>
  );
}
