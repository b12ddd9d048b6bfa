import { ScrollText } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '#i18n/use-format.ts';
import { useKnownText } from '#i18n/use-known-text.ts';
import { Card } from '#ui/card.tsx';
import { EmptyState } from '#ui/empty-state.tsx';
import { Loaded } from '#ui/loaded.tsx';
import { MoreButton } from '#ui/more-button.tsx';
import { ListSkeleton } from '#ui/skeleton.tsx';
import { Table } from '#ui/table.tsx';
import { useAuditLog, type AuditEntry } from '../api/audit-log.ts';

export function AuditCard() {
  const { t } = useTranslation();
  const log = useAuditLog();
  return (
    <Card className="overflow-hidden">
      <Loaded query={log} skeleton={<ListSkeleton rows={6} />} errorClassName="m-5">
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState icon={ScrollText} title={t('audit.emptyTitle')} hint={t('audit.emptyHint')} />
          ) : (
            <AuditTable entries={items} />
          )
        }
      </Loaded>
      <MoreButton query={log} />
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
  const knownText = useKnownText();
  const { type, name, id } = entry.actor;
  const who = name ?? id;
  const kind = knownText(`audit.actors.${type}`, type);
  return (
    <>
      <p className="font-medium wrap-anywhere">{who ?? kind}</p>
      {who !== null && <p className="text-xs text-muted">{kind}</p>}
    </>
  );
}
