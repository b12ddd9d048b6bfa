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
import { useApiKeys, useRevokeApiKey, type ApiKey } from '../api/api-keys.ts';
import { CreateApiKeyDialog } from './create-api-key-dialog.tsx';

export function ApiKeysCard({ canManage }: { canManage: boolean }) {
  const { t } = useTranslation();
  const keys = useApiKeys();
  const [isCreating, setCreating] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const createButton = canManage && (
    <Button onClick={() => setCreating(true)}>
      <Plus aria-hidden />
      {t('identity.apiKeys.create')}
    </Button>
  );
  return (
    <Card>
      <CardHeader
        title={t('identity.apiKeys.title')}
        description={t('identity.apiKeys.description')}
        actions={createButton}
      />
      <Loaded query={keys} skeleton={<ListSkeleton />} errorClassName="m-5">
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState
              icon={KeyRound}
              title={t('identity.apiKeys.emptyTitle')}
              hint={canManage ? t('identity.apiKeys.emptyHint') : t('identity.apiKeys.emptyMemberHint')}
            />
          ) : (
            <ApiKeysTable keys={items} canManage={canManage} />
          )
        }
      </Loaded>
      <MoreButton query={keys} />
      {isCreating && (
        <CreateApiKeyDialog
          onClose={() => setCreating(false)}
          onCreated={(created) => {
            setCreating(false);
            setSecret(created);
          }}
        />
      )}
      <SecretDialog
        secret={secret}
        title={t('identity.apiKeys.createdTitle')}
        label={t('identity.apiKeys.secret')}
        onClose={() => setSecret(null)}
      />
    </Card>
  );
}

function ApiKeysTable({ keys, canManage }: { keys: readonly ApiKey[]; canManage: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  return (
    <>
      <Table
        caption={t('identity.apiKeys.title')}
        rows={keys}
        rowKey={(key) => key.id}
        columns={[
          {
            key: 'name',
            header: t('identity.apiKeys.name'),
            cell: (key) => (
              <>
                <p className="font-medium wrap-anywhere">{key.name}</p>
                <code className="font-mono text-xs text-muted">{key.prefix}…</code>
              </>
            ),
          },
          {
            key: 'scopes',
            header: t('identity.apiKeys.scopes'),
            className: 'font-mono text-xs text-muted wrap-anywhere',
            cell: (key) => key.scopes.join(', '),
          },
          {
            key: 'used',
            header: t('identity.apiKeys.lastUsed'),
            className: 'text-muted',
            cell: (key) => (key.lastUsedAt === null ? t('ui.never') : format.relative(key.lastUsedAt)),
          },
          {
            key: 'expires',
            header: t('ui.expiry.label'),
            className: 'text-muted',
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
                  aria-label={t('identity.apiKeys.revokeOne', { name: key.name })}
                  onClick={() => setRevoking(key)}
                >
                  {t('ui.revoke')}
                </Button>
              ),
          },
        ]}
      />
      {revoking && <RevokeApiKey apiKey={revoking} onClose={() => setRevoking(null)} />}
    </>
  );
}

function RevokeApiKey({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const { t } = useTranslation();
  const revoke = useRevokeApiKey();
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={t('identity.apiKeys.confirmTitle', { name: apiKey.name })}
      description={t('identity.apiKeys.confirmDescription')}
      confirmLabel={t('ui.revoke')}
      onConfirm={() => revoke.mutate(apiKey.id, { onSuccess: onClose })}
      isPending={revoke.isPending}
      error={revoke.error}
    />
  );
}
