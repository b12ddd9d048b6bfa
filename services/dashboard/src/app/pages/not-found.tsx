import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Button } from '#ui/button.tsx';
import { useDocumentTitle } from '#ui/page.tsx';

export function NotFoundPage() {
  const { t } = useTranslation();
  useDocumentTitle(t('app.notFound.title'));
  return (
    <div className="grid min-h-[80dvh] place-items-center px-6 text-center">
      <div>
        <p className="text-sm font-semibold text-accent">404</p>
        <h1 className="mt-2 text-2xl font-semibold">{t('app.notFound.title')}</h1>
        <p className="mx-auto mt-2 max-w-sm text-pretty text-muted">{t('app.notFound.description')}</p>
        <Button asChild className="mt-6">
          <Link to="/overview">{t('app.backToOverview')}</Link>
        </Button>
      </div>
    </div>
  );
}
