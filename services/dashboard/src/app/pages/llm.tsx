import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCan, useMe } from '#features/identity/api/me.ts';
import { BudgetCard } from '#features/llm/components/budget-card.tsx';
import { LlmKeysCard } from '#features/llm/components/llm-keys-card.tsx';
import { PlaygroundCard } from '#features/llm/components/playground-card.tsx';
import { QuickStartCard } from '#features/llm/components/quick-start-card.tsx';
import { UsageCard } from '#features/llm/components/usage-card.tsx';
import { UsageTableCard } from '#features/llm/components/usage-table-card.tsx';
import { Page } from '#ui/page.tsx';

export function LlmPage() {
  const { t } = useTranslation();
  const { gatewayUrl } = useMe();
  const canManage = useCan('change');
  const [apiKey, setApiKey] = useState('');
  return (
    <Page title={t('llm.title')} description={t('llm.description')}>
      <LlmKeysCard canManage={canManage} onSecret={setApiKey} />
      <div className="grid grid-cols-1 items-start gap-6 xl:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <div className="space-y-6">
          <PlaygroundCard gatewayUrl={gatewayUrl} apiKey={apiKey} onApiKeyChange={setApiKey} />
          <BudgetCard canManage={canManage} />
        </div>
        <div className="space-y-6">
          <UsageCard />
          <QuickStartCard gatewayUrl={gatewayUrl} apiKey={apiKey} />
        </div>
      </div>
      <UsageTableCard />
    </Page>
  );
}
