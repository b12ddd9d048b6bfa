import { useTranslation } from 'react-i18next';
import { CheckboxField, TextField } from '#ui/field.tsx';
import { useFieldError } from '#ui/form.tsx';
import { SCOPES } from '../api/key-values.ts';
import type { LlmKey } from '../api/keys.ts';
import { BudgetFields } from './budget-fields.tsx';

/** Names of these fields, or what they begin with. */
export const RESTRICTION_FIELDS = ['scopes', 'models', 'limits.', 'usesCache'] as const;

const LIMITS = [
  { name: 'requestsPerMinute', max: 1e6 },
  { name: 'tokensPerMinute', max: 1e9 },
  { name: 'messagesPerDay', max: 1e9 },
  { name: 'concurrency', max: 10_000 },
] as const;

type Restrictions = Pick<LlmKey, 'scopes' | 'models' | 'limits' | 'usesCache'>;

/** What a key may do and use; nothing given is what a new key has: everything the tenant may. */
export function LlmKeyFields({ given }: { given?: Restrictions }) {
  const { t } = useTranslation();
  return (
    <>
      <ScopeChoice granted={given?.scopes ?? SCOPES} />
      <TextField
        name="models"
        label={t('llm.keys.models')}
        hint={t('llm.keys.modelsHint')}
        spellCheck={false}
        defaultValue={given?.models?.join(', ')}
      />
      <BudgetFields name="limits.budget" given={given?.limits.budget ?? null} />
      <div className="grid grid-cols-1 gap-x-4 gap-y-5 sm:grid-cols-2">
        {LIMITS.map(({ name, max }) => (
          <TextField
            key={name}
            name={`limits.${name}`}
            label={t(`llm.keys.limits.${name}`)}
            type="number"
            inputMode="numeric"
            min={1}
            max={max}
            placeholder={t('llm.keys.limits.none')}
            defaultValue={given?.limits[name] ?? undefined}
          />
        ))}
      </div>
      <CheckboxField
        name="usesCache"
        value="yes"
        label={t('llm.keys.usesCache')}
        hint={t('llm.keys.usesCacheHint')}
        defaultChecked={given?.usesCache ?? false}
      />
    </>
  );
}

function ScopeChoice({ granted }: { granted: readonly string[] }) {
  const { t } = useTranslation();
  const error = useFieldError('scopes');
  return (
    <fieldset aria-invalid={error === undefined ? undefined : true} tabIndex={-1}>
      <legend className="mb-1.5 font-medium">{t('llm.keys.scopes')}</legend>
      <div className="grid grid-cols-1 rounded-lg border border-line-strong p-1.5 sm:grid-cols-2">
        {SCOPES.map((scope) => (
          <CheckboxField
            key={scope}
            name="scopes"
            value={scope}
            label={t(`llm.scopes.${scope}`)}
            defaultChecked={granted.includes(scope)}
          />
        ))}
      </div>
      {error !== undefined && (
        <p className="mt-1.5 text-[0.8125rem] font-medium text-danger first-letter:uppercase">{error}</p>
      )}
    </fieldset>
  );
}
