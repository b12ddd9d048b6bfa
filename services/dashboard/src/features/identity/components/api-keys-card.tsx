import { useTranslation } from 'react-i18next';
import { ConfirmDialog } from '#ui/confirm-dialog.tsx';
import { KeysCard, type KeyDialogProps } from '#ui/keys-card.tsx';
import { useApiKeys, useRevokeApiKey, type ApiKey } from '../api/api-keys.ts';
import { CreateApiKeyDialog } from './create-api-key-dialog.tsx';

export function ApiKeysCard({ canManage }: { canManage: boolean }) {
  const { t } = useTranslation();
  const keys = useApiKeys();
  return (
    <KeysCard
      query={keys}
      canManage={canManage}
      texts={{
        title: t('identity.apiKeys.title'),
        description: t('identity.apiKeys.description'),
        create: t('identity.apiKeys.create'),
        createdTitle: t('identity.apiKeys.createdTitle'),
        secret: t('identity.apiKeys.secret'),
        emptyTitle: t('identity.apiKeys.emptyTitle'),
        emptyHint: canManage ? t('identity.apiKeys.emptyHint') : t('identity.apiKeys.emptyMemberHint'),
        name: t('identity.apiKeys.name'),
        lastUsed: t('identity.apiKeys.lastUsed'),
        manageOne: (name) => t('identity.apiKeys.revokeOne', { name }),
      }}
      columns={[
        {
          key: 'scopes',
          header: t('identity.apiKeys.scopes'),
          className: 'font-mono text-xs text-muted wrap-anywhere',
          cell: (key) => key.scopes.join(', '),
        },
      ]}
      createDialog={CreateApiKeyDialog}
      revokeDialog={RevokeApiKey}
    />
  );
}

function RevokeApiKey({ subject, onClose }: KeyDialogProps<ApiKey>) {
  const { t } = useTranslation();
  const revoke = useRevokeApiKey();
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={t('identity.apiKeys.confirmTitle', { name: subject.name })}
      description={t('identity.apiKeys.confirmDescription')}
      confirmLabel={t('ui.revoke')}
      onConfirm={() => revoke.mutate(subject.id, { onSuccess: onClose })}
      isPending={revoke.isPending}
      error={revoke.error}
    />
  );
}
