import { useTranslation } from 'react-i18next';
import { useFormat } from '#i18n/use-format.ts';
import { ConfirmDialog } from '#ui/confirm-dialog.tsx';
import { KeysCard, type KeyRevocation } from '#ui/keys-card.tsx';
import { useLlmKeys, useRevokeLlmKey, type LlmKey } from '../api/keys.ts';
import { CreateLlmKeyDialog } from './create-llm-key-dialog.tsx';

interface LlmKeysCardProps {
  canManage: boolean;
  /** The only moment the secret is known: the playground may keep it in memory. */
  onSecret: (secret: string) => void;
}

export function LlmKeysCard({ canManage, onSecret }: LlmKeysCardProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const keys = useLlmKeys();
  return (
    <KeysCard
      query={keys}
      canManage={canManage}
      texts={{
        title: t('llm.keys.title'),
        description: t('llm.keys.description'),
        create: t('llm.keys.create'),
        createdTitle: t('llm.keys.createdTitle'),
        secret: t('llm.keys.secret'),
        emptyTitle: t('llm.keys.emptyTitle'),
        emptyHint: canManage ? t('llm.keys.emptyHint') : t('llm.keys.emptyViewerHint'),
        name: t('llm.keys.name'),
        lastUsed: t('llm.keys.lastUsed'),
        revokeOne: (name) => t('llm.keys.revokeOne', { name }),
      }}
      column={{
        key: 'created',
        header: t('llm.keys.created'),
        className: 'text-muted whitespace-nowrap',
        cell: (key) => format.date(key.createdAt),
      }}
      createDialog={CreateLlmKeyDialog}
      revokeDialog={RevokeLlmKey}
      onSecret={onSecret}
    />
  );
}

function RevokeLlmKey({ revoked, onClose }: KeyRevocation<LlmKey>) {
  const { t } = useTranslation();
  const revoke = useRevokeLlmKey();
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={t('llm.keys.confirmTitle', { name: revoked.name })}
      description={t('llm.keys.confirmDescription')}
      confirmLabel={t('ui.revoke')}
      onConfirm={() => revoke.mutate(revoked.id, { onSuccess: onClose })}
      isPending={revoke.isPending}
      error={revoke.error}
    />
  );
}
