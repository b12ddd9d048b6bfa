import { Pencil, RefreshCw } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { ConfirmDialog } from '#ui/confirm-dialog.tsx';
import { KeysCard, type KeyDialogProps } from '#ui/keys-card.tsx';
import { useLlmKeys, useRevokeLlmKey, type LlmKey } from '../api/keys.ts';
import { CreateLlmKeyDialog } from './create-llm-key-dialog.tsx';
import { EditLlmKeyDialog } from './edit-llm-key-dialog.tsx';
import { KeyAuthor, KeyRestrictions, KeySpent, OldSecrets } from './llm-key-cells.tsx';
import { RotateLlmKeyDialog } from './rotate-llm-key-dialog.tsx';

interface LlmKeysCardProps {
  canManage: boolean;
  /** The only moment the secret is known: the playground may keep it in memory. */
  onSecret: (secret: string) => void;
}

export function LlmKeysCard({ canManage, onSecret }: LlmKeysCardProps) {
  const { t } = useTranslation();
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
        manageOne: (name) => t('llm.keys.manageOne', { name }),
      }}
      columns={[
        {
          key: 'restrictions',
          header: t('llm.keys.restrictions'),
          cell: (key) => <KeyRestrictions llmKey={key} />,
        },
        { key: 'author', header: t('llm.keys.author'), cell: (key) => <KeyAuthor llmKey={key} /> },
        { key: 'spent', header: t('llm.keys.thisMonth'), cell: (key) => <KeySpent llmKey={key} /> },
      ]}
      note={(key) => <OldSecrets llmKey={key} />}
      actions={[
        { id: 'edit', label: t('llm.keys.edit'), icon: Pencil, dialog: EditLlmKeyDialog },
        { id: 'rotate', label: t('llm.keys.rotate'), icon: RefreshCw, dialog: RotateLlmKeyDialog },
      ]}
      createDialog={CreateLlmKeyDialog}
      revokeDialog={RevokeLlmKey}
      onSecret={onSecret}
    />
  );
}

function RevokeLlmKey({ subject, onClose }: KeyDialogProps<LlmKey>) {
  const { t } = useTranslation();
  const revoke = useRevokeLlmKey();
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={t('llm.keys.confirmTitle', { name: subject.name })}
      description={t('llm.keys.confirmDescription')}
      confirmLabel={t('ui.revoke')}
      onConfirm={() => revoke.mutate(subject.id, { onSuccess: onClose })}
      isPending={revoke.isPending}
      error={revoke.error}
    />
  );
}
