import { KeyRound, Plus } from 'lucide-react';
import { useState, type ComponentProps, type ComponentType } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '#i18n/use-format.ts';
import { Button } from './button.tsx';
import { Card, CardHeader } from './card.tsx';
import { EmptyState } from './empty-state.tsx';
import { Loaded } from './loaded.tsx';
import { MoreButton } from './more-button.tsx';
import { SecretDialog } from './secret-dialog.tsx';
import { ListSkeleton } from './skeleton.tsx';
import { Table, type Column } from './table.tsx';

interface ListedKey {
  id: string;
  name: string;
  prefix: string;
  lastUsedAt: string | null;
  expiresAt: string | null;
}

export interface KeyCreation {
  onClose: () => void;
  onCreated: (secret: string) => void;
}

export interface KeyRevocation<Key> {
  revoked: Key;
  onClose: () => void;
}

interface KeysTableTexts {
  title: string;
  name: string;
  lastUsed: string;
  revokeOne: (name: string) => string;
}

interface KeysCardTexts extends KeysTableTexts {
  description: string;
  create: string;
  createdTitle: string;
  secret: string;
  emptyTitle: string;
  emptyHint: string;
}

interface KeysTableProps<Key> {
  canManage: boolean;
  texts: KeysTableTexts;
  /** What only this kind of key has to show, beside its name. */
  column: Column<Key>;
  /** Mounted for one key at a time, so that no error or answer outlives its dialog. */
  revokeDialog: ComponentType<KeyRevocation<Key>>;
}

interface KeysCardProps<Key> extends KeysTableProps<Key> {
  texts: KeysCardTexts;
  query: ComponentProps<typeof Loaded<{ items: readonly Key[] }>>['query'] & ComponentProps<typeof MoreButton>['query'];
  createDialog: ComponentType<KeyCreation>;
  /** The only moment the secret is known. */
  onSecret?: (secret: string) => void;
}

/** The keys of one kind: makes them, shows each secret once, and revokes them. */
export function KeysCard<Key extends ListedKey>(props: KeysCardProps<Key>) {
  const { canManage, texts, query, createDialog: CreateDialog, onSecret } = props;
  const [isCreating, setCreating] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const createButton = canManage && (
    <Button onClick={() => setCreating(true)}>
      <Plus aria-hidden />
      {texts.create}
    </Button>
  );
  return (
    <Card>
      <CardHeader title={texts.title} description={texts.description} actions={createButton} />
      <Loaded query={query} skeleton={<ListSkeleton />} errorClassName="m-5">
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState icon={KeyRound} title={texts.emptyTitle} hint={texts.emptyHint} />
          ) : (
            <KeysTable {...props} keys={items} />
          )
        }
      </Loaded>
      <MoreButton query={query} />
      {isCreating && (
        <CreateDialog
          onClose={() => setCreating(false)}
          onCreated={(created) => {
            setCreating(false);
            setSecret(created);
            onSecret?.(created);
          }}
        />
      )}
      <SecretDialog secret={secret} title={texts.createdTitle} label={texts.secret} onClose={() => setSecret(null)} />
    </Card>
  );
}

function KeysTable<Key extends ListedKey>(props: KeysTableProps<Key> & { keys: readonly Key[] }) {
  const { keys, canManage, texts, column, revokeDialog: RevokeDialog } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const [revoking, setRevoking] = useState<Key | null>(null);
  const columns: Column<Key>[] = [
    {
      key: 'name',
      header: texts.name,
      cell: (key) => (
        <>
          <p className="font-medium wrap-anywhere">{key.name}</p>
          <code className="font-mono text-xs text-muted">{key.prefix}…</code>
        </>
      ),
    },
    column,
    {
      key: 'used',
      header: texts.lastUsed,
      className: 'text-muted',
      cell: (key) => (key.lastUsedAt === null ? t('ui.never') : format.relative(key.lastUsedAt)),
    },
    {
      key: 'expires',
      header: t('ui.expiry.label'),
      className: 'text-muted whitespace-nowrap',
      cell: (key) => (key.expiresAt === null ? t('ui.never') : format.date(key.expiresAt)),
    },
    {
      key: 'actions',
      header: t('ui.actions'),
      isHeaderHidden: true,
      align: 'end',
      cell: (key) =>
        canManage && (
          <Button
            variant="dangerGhost"
            size="sm"
            aria-label={texts.revokeOne(key.name)}
            onClick={() => setRevoking(key)}
          >
            {t('ui.revoke')}
          </Button>
        ),
    },
  ];
  return (
    <>
      <Table caption={texts.title} rows={keys} rowKey={(key) => key.id} columns={columns} />
      {revoking && <RevokeDialog revoked={revoking} onClose={() => setRevoking(null)} />}
    </>
  );
}
