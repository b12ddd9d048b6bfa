import { Ellipsis, KeyRound, Plus, Trash2, type LucideIcon } from 'lucide-react';
import { useState, type ComponentProps, type ComponentType, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '#i18n/use-format.ts';
import { Button } from './button.tsx';
import { Card, CardHeader } from './card.tsx';
import { EmptyState } from './empty-state.tsx';
import { Loaded } from './loaded.tsx';
import { Menu, MenuItem, MenuSeparator } from './menu.tsx';
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

export interface KeyDialogProps<Key> {
  subject: Key;
  onClose: () => void;
  /** The key has another secret now: it is shown once. */
  onSecret: (secret: string) => void;
}

/** Mounted for one key at a time, so that no error or answer outlives its dialog. */
type KeyDialog<Key> = ComponentType<KeyDialogProps<Key>>;

export interface KeyAction<Key> {
  id: string;
  label: string;
  icon: LucideIcon;
  dialog: KeyDialog<Key>;
}

interface KeysTableTexts {
  title: string;
  name: string;
  lastUsed: string;
  /** Names the button of one row: its menu's, or that which revokes it when there is nothing else. */
  manageOne: (name: string) => string;
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
  columns: readonly Column<Key>[];
  /** Below its name. */
  note?: (key: Key) => ReactNode;
  /** What else can be done with a key; then these and its revocation are in a menu. */
  actions?: readonly KeyAction<Key>[];
  revokeDialog: KeyDialog<Key>;
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
  const showSecret = (shown: string) => {
    setSecret(shown);
    onSecret?.(shown);
  };
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
            <KeysTable {...props} keys={items} onSecret={showSecret} />
          )
        }
      </Loaded>
      <MoreButton query={query} />
      {isCreating && (
        <CreateDialog
          onClose={() => setCreating(false)}
          onCreated={(created) => {
            setCreating(false);
            showSecret(created);
          }}
        />
      )}
      <SecretDialog secret={secret} title={texts.createdTitle} label={texts.secret} onClose={() => setSecret(null)} />
    </Card>
  );
}

interface ShownKeysProps<Key> extends KeysTableProps<Key> {
  keys: readonly Key[];
  onSecret: (secret: string) => void;
}

function KeysTable<Key extends ListedKey>(props: ShownKeysProps<Key>) {
  const { keys, canManage, texts, columns, note, onSecret } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const [open, setOpen] = useState<{ dialog: KeyDialog<Key>; subject: Key } | null>(null);
  const all: Column<Key>[] = [
    {
      key: 'name',
      header: texts.name,
      cell: (key) => (
        <>
          <p className="font-medium wrap-anywhere">{key.name}</p>
          <code className="font-mono text-xs text-muted">{key.prefix}…</code>
          {note?.(key)}
        </>
      ),
    },
    ...columns,
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
        canManage && <KeyActions {...props} subject={key} onOpen={(dialog) => setOpen({ dialog, subject: key })} />,
    },
  ];
  return (
    <>
      <Table caption={texts.title} rows={keys} rowKey={(key) => key.id} columns={all} />
      {open && (
        <open.dialog
          subject={open.subject}
          onClose={() => setOpen(null)}
          onSecret={(secret) => {
            setOpen(null);
            onSecret(secret);
          }}
        />
      )}
    </>
  );
}

interface KeyActionsProps<Key> extends Pick<KeysTableProps<Key>, 'texts' | 'actions' | 'revokeDialog'> {
  subject: Key;
  onOpen: (dialog: KeyDialog<Key>) => void;
}

function KeyActions<Key extends ListedKey>(props: KeyActionsProps<Key>) {
  const { texts, actions = [], revokeDialog, subject, onOpen } = props;
  const { t } = useTranslation();
  if (actions.length === 0) {
    return (
      <Button
        variant="dangerGhost"
        size="sm"
        aria-label={texts.manageOne(subject.name)}
        onClick={() => onOpen(revokeDialog)}
      >
        {t('ui.revoke')}
      </Button>
    );
  }
  return (
    <Menu
      align="end"
      trigger={
        <Button variant="ghost" size="iconSm" aria-label={texts.manageOne(subject.name)}>
          <Ellipsis aria-hidden />
        </Button>
      }
    >
      {actions.map(({ id, label, icon: Icon, dialog }) => (
        <MenuItem key={id} onSelect={() => onOpen(dialog)}>
          <Icon aria-hidden />
          {label}
        </MenuItem>
      ))}
      <MenuSeparator />
      <MenuItem isDanger onSelect={() => onOpen(revokeDialog)}>
        <Trash2 aria-hidden />
        {t('ui.revoke')}
      </MenuItem>
    </Menu>
  );
}
