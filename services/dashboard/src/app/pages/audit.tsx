import { useTranslation } from 'react-i18next';
import { AuditCard } from '#features/audit/components/audit-card.tsx';
import { Page } from '#ui/page.tsx';

export function AuditPage() {
  const { t } = useTranslation();
  return (
    <Page title={t('audit.title')} description={t('audit.description')}>
      <AuditCard />
    </Page>
  );
}
