import { useTranslation } from 'react-i18next';
import { CreateKeyDialog } from '#ui/create-key-dialog.tsx';
import { Disclosure } from '#ui/disclosure.tsx';
import type { KeyCreation } from '#ui/keys-card.tsx';
import { restrictionsIn } from '../api/key-values.ts';
import { useCreateLlmKey } from '../api/keys.ts';
import { LlmKeyFields, RESTRICTION_FIELDS } from './llm-key-fields.tsx';

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
      onSubmit={(key, values) =>
        create.mutate({ ...key, ...restrictionsIn(values) }, { onSuccess: ({ secret }) => onCreated(secret) })
      }
      onClose={onClose}
    >
      <Disclosure summary={t('llm.keys.restrict')} hint={t('llm.keys.restrictHint')} fields={RESTRICTION_FIELDS}>
        <LlmKeyFields />
      </Disclosure>
    </CreateKeyDialog>
  );
}
