import { useTranslation } from 'react-i18next';
import { useCan } from '#features/identity/api/me.ts';
import { ApiKeysCard } from '#features/identity/components/api-keys-card.tsx';
import { Page } from '#ui/page.tsx';

export function ApiKeysPage() {
  const { t } = useTranslation();
  const canManage = useCan('own');
  return (
    <Page title={t('app.apiKeys.title')} description={t('app.apiKeys.description')}>
      <ApiKeysCard canManage={canManage} />
    </Page>
  );
}
