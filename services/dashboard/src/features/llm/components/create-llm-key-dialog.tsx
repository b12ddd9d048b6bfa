import { useTranslation } from 'react-i18next';
import { CreateKeyDialog } from '#ui/create-key-dialog.tsx';
import type { KeyCreation } from '#ui/keys-card.tsx';
import { useCreateLlmKey } from '../api/keys.ts';

export function CreateLlmKeyDialog({ onClose, onCreated }: KeyCreation) {
  const { t } = useTranslation();
  const create = useCreateLlmKey();
  return (
    <CreateKeyDialog
      texts={{
        title: t('llm.keys.createTitle'),
        description: t('llm.keys.createDescription'),
        name: t('llm.keys.name'),
        namePlaceholder: t('llm.keys.namePlaceholder'),
        submit: t('llm.keys.create'),
      }}
      defaultExpiry="never"
      creation={create}
      onSubmit={(key) => create.mutate(key, { onSuccess: ({ secret }) => onCreated(secret) })}
      onClose={onClose}
    />
  );
}
