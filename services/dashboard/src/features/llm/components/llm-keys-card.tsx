import { KeyRound, Plus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '#i18n/use-format.ts';
import { Button } from '#ui/button.tsx';
import { Card, CardHeader } from '#ui/card.tsx';
import { ConfirmDialog } from '#ui/confirm-dialog.tsx';
import { EmptyState } from '#ui/empty-state.tsx';
import { Loaded } from '#ui/loaded.tsx';
import { MoreButton } from '#ui/more-button.tsx';
import { SecretDialog } from '#ui/secret-dialog.tsx';
import { ListSkeleton } from '#ui/skeleton.tsx';
import { Table } from '#ui/table.tsx';
import { useLlmKeys, useRevokeLlmKey, type LlmKey } from '../api/keys.ts';
import { CreateLlmKeyDialog } from './create-llm-key-dialog.tsx';

interface LlmKeysCardProps {
  canManage: boolean;
  /** The only moment the secret is known: the playground may keep it in memory. */
  onSecret: (secret: string) => void;
}

export function LlmKeysCard({ canManage, onSecret }: LlmKeysCardProps) {
  const { t } = useTranslation();
  const keys = useLlmKeys();
  const [isCreating, setCreating] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const createButton = canManage && (
    <Button onClick={() => setCreating(true)}>
      <Plus aria-hidden />
      {t('llm.keys.create')}
    </Button>
  );
  return (
    <Card>
      <CardHeader title={t('llm.keys.title')} description={t('llm.keys.description')} actions={createButton} />
      <Loaded query={keys} skeleton={<ListSkeleton rows={2} />} errorClassName="m-5">
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState
              icon={KeyRound}
              title={t('llm.keys.emptyTitle')}
              hint={canManage ? t('llm.keys.emptyHint') : t('llm.keys.emptyViewerHint')}
            />
          ) : (
            <LlmKeysTable keys={items} canManage={canManage} />
          )
        }
      </Loaded>
      <MoreButton query={keys} />
      {isCreating && (
        <CreateLlmKeyDialog
          onClose={() => setCreating(false)}
          onCreated={(created) => {
            setCreating(false);
            setSecret(created);
            onSecret(created);
          }}
        />
      )}
      <SecretDialog
        secret={secret}
        title={t('llm.keys.createdTitle')}
        label={t('llm.keys.secret')}
        onClose={() => setSecret(null)}
      />
    </Card>
  );
}

function LlmKeysTable({ keys, canManage }: { keys: readonly LlmKey[]; canManage: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [revoking, setRevoking] = useState<LlmKey | null>(null);
  return (
    <>
      <Table
        caption={t('llm.keys.title')}
        rows={keys}
        rowKey={(key) => key.id}
        columns={[
          {
            key: 'name',
            header: t('llm.keys.name'),
            cell: (key) => (
              <>
                <p className="font-medium wrap-anywhere">{key.name}</p>
                <code className="font-mono text-xs text-muted">{key.prefix}…</code>
              </>
            ),
          },
          {
            key: 'created',
            header: t('llm.keys.created'),
            className: 'text-muted whitespace-nowrap',
            cell: (key) => format.date(key.createdAt),
          },
          {
            key: 'used',
            header: t('llm.keys.lastUsed'),
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
                  aria-label={t('llm.keys.revokeOne', { name: key.name })}
                  onClick={() => setRevoking(key)}
                >
                  {t('ui.revoke')}
                </Button>
              ),
          },
        ]}
      />
      {revoking && <RevokeLlmKey llmKey={revoking} onClose={() => setRevoking(null)} />}
    </>
  );
}

function RevokeLlmKey({ llmKey, onClose }: { llmKey: LlmKey; onClose: () => void }) {
  const { t } = useTranslation();
  const revoke = useRevokeLlmKey();
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={t('llm.keys.confirmTitle', { name: llmKey.name })}
      description={t('llm.keys.confirmDescription')}
      confirmLabel={t('ui.revoke')}
      onConfirm={() => revoke.mutate(llmKey.id, { onSuccess: onClose })}
      isPending={revoke.isPending}
      error={revoke.error}
    />
  );
}
