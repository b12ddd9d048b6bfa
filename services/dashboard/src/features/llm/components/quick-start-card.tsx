import { useTranslation } from 'react-i18next';
import { Card, CardBody, CardHeader } from '#ui/card.tsx';
import { CopyButton, CopyableText } from '#ui/copy-button.tsx';
import { useModels } from '../api/models.ts';

/** How to reach the gateway from one's own code. */
export function QuickStartCard({ gatewayUrl, apiKey }: { gatewayUrl: string; apiKey: string }) {
  const { t } = useTranslation();
  const models = useModels({ url: gatewayUrl, key: apiKey });
  const model = models.data?.[0] ?? 'MODEL';
  const command = [
    `curl ${gatewayUrl}/chat/completions \\`,
    `  -H "Authorization: Bearer $BASTIDE_KEY" \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -d '{"model": "${model}", "messages": [{"role": "user", "content": "Hello"}]}'`,
  ].join('\n');
  return (
    <Card>
      <CardHeader title={t('llm.quickStart.title')} description={t('llm.quickStart.description')} />
      <CardBody className="space-y-4">
        <div>
          <p className="mb-1.5 font-medium">{t('llm.quickStart.baseUrl')}</p>
          <CopyableText text={gatewayUrl} label={t('llm.quickStart.baseUrl')} />
        </div>
        <div>
          <div className="mb-1.5 flex items-center justify-between gap-3">
            <p className="font-medium">{t('llm.quickStart.example')}</p>
            <CopyButton text={command} label={t('llm.quickStart.copyExample')} />
          </div>
          <pre
            tabIndex={0}
            aria-label={t('llm.quickStart.example')}
            className="overflow-x-auto rounded-lg bg-console p-4 font-mono text-xs leading-relaxed text-console-text"
          >
            {command}
          </pre>
        </div>
      </CardBody>
    </Card>
  );
}
