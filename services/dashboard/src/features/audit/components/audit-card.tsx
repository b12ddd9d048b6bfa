import { ScrollText } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '#i18n/use-format.ts';
import { useKnownText } from '#i18n/use-known-text.ts';
import { Button } from '#ui/button.tsx';
import { Card } from '#ui/card.tsx';
import { EmptyState } from '#ui/empty-state.tsx';
import { ErrorNotice } from '#ui/notice.tsx';
import { ListSkeleton } from '#ui/skeleton.tsx';
import { Table } from '#ui/table.tsx';
import { useAuditLog, type AuditEntry } from '../api/audit-log.ts';

export function AuditCard() {
  const { t } = useTranslation();
  const log = useAuditLog();
  const entries = log.data?.pages.flatMap((page) => page.items);
  return (
    <Card className="overflow-hidden">
      {log.isError && <ErrorNotice error={log.error} onRetry={() => void log.refetch()} className="m-5" />}
      {log.isPending && <ListSkeleton rows={6} />}
      {entries?.length === 0 && (
        <EmptyState icon={ScrollText} title={t('audit.emptyTitle')} hint={t('audit.emptyHint')} />
      )}
      {entries !== undefined && entries.length > 0 && <AuditTable entries={entries} />}
      {log.hasNextPage && (
        <div className="border-t border-line p-4 text-center">
          <Button variant="secondary" isPending={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>
            {t('audit.more')}
          </Button>
        </div>
      )}
    </Card>
  );
}

function AuditTable({ entries }: { entries: readonly AuditEntry[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Table
      caption={t('audit.title')}
      rows={entries}
      rowKey={(entry) => entry.id}
      columns={[
        {
          key: 'at',
          header: t('audit.at'),
          className: 'text-muted whitespace-nowrap tabular-nums',
          cell: (entry) => <time dateTime={entry.at}>{format.dateTime(entry.at)}</time>,
        },
        { key: 'actor', header: t('audit.actor'), cell: (entry) => <Actor entry={entry} /> },
        {
          key: 'action',
          header: t('audit.action'),
          cell: (entry) => <code className="font-mono text-[0.8125rem] wrap-anywhere">{entry.action}</code>,
        },
        {
          key: 'subject',
          header: t('audit.subject'),
          className: 'font-mono text-xs text-muted wrap-anywhere',
          cell: (entry) => entry.subject,
        },
        { key: 'ip', header: t('audit.ip'), className: 'text-muted tabular-nums', cell: (entry) => entry.ip ?? '—' },
      ]}
    />
  );
}

function Actor({ entry }: { entry: AuditEntry }) {
  const { t } = useTranslation();
  const knownText = useKnownText();
  const { type, name, id } = entry.actor;
  return (
    <>
      <p className="font-medium wrap-anywhere">{name ?? id ?? t('audit.actors.system')}</p>
      <p className="text-xs text-muted">{knownText(`audit.actors.${type}`, type)}</p>
    </>
  );
}
