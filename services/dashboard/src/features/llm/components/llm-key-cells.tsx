import { useTranslation } from 'react-i18next';
import { useFormat } from '#i18n/use-format.ts';
import { Badge } from '#ui/badge.tsx';
import { isRestricted, SCOPES } from '../api/key-values.ts';
import type { LlmKey } from '../api/keys.ts';

const SHOWN_MODELS = 2;

/** What it may do and use, in a few words. */
export function KeyRestrictions({ llmKey }: { llmKey: LlmKey }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { scopes, models, limits, usesCache } = llmKey;
  const { budget, requestsPerMinute, tokensPerMinute, messagesPerDay, concurrency } = limits;
  const count = (value: number) => ({ count: value, value: format.compact(value) });
  const hidden = (models?.length ?? 0) - SHOWN_MODELS;
  const facts = [
    !isRestricted(llmKey) && t('llm.keys.unrestricted'),
    scopes.length < SCOPES.length && scopes.map((scope) => t(`llm.scopes.${scope}`)).join(', '),
    ...(models?.slice(0, SHOWN_MODELS) ?? []),
    hidden > 0 && t('llm.keys.facts.moreModels', { count: hidden }),
    budget && t(`llm.keys.facts.budget.${budget.period}`, { amount: format.nanoUsd(budget.nanoUsd) }),
    requestsPerMinute !== null && t('llm.keys.facts.requestsPerMinute', count(requestsPerMinute)),
    tokensPerMinute !== null && t('llm.keys.facts.tokensPerMinute', count(tokensPerMinute)),
    messagesPerDay !== null && t('llm.keys.facts.messagesPerDay', count(messagesPerDay)),
    concurrency !== null && t('llm.keys.facts.concurrency', count(concurrency)),
    usesCache && t('llm.keys.facts.usesCache'),
  ].filter((fact) => typeof fact === 'string');
  return (
    <ul className="text-[0.8125rem] text-muted">
      {facts.map((fact) => (
        <li key={fact} className="wrap-anywhere">
          {fact}
        </li>
      ))}
    </ul>
  );
}

/** What it has cost in this month; that its budget is spent, where it has one. */
export function KeySpent({ llmKey }: { llmKey: LlmKey }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { spent, limits } = llmKey;
  const { budget } = limits;
  const ofBudget = budget?.period === 'day' ? spent.dayNanoUsd : spent.monthNanoUsd;
  return (
    <>
      <p className="tabular-nums">{format.nanoUsd(spent.monthNanoUsd)}</p>
      {budget && ofBudget >= budget.nanoUsd && (
        <Badge tone="danger" className="h-5 px-2">
          {t('llm.keys.budgetSpent')}
        </Badge>
      )}
    </>
  );
}

/** Who made it and when; it belongs to the tenant, so it outlives their membership. */
export function KeyAuthor({ llmKey }: { llmKey: LlmKey }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { createdBy, createdAt } = llmKey;
  return (
    <>
      <p className="wrap-anywhere">
        {createdBy.name ?? t(`llm.keys.authors.${createdBy.type}`)}{' '}
        {!createdBy.isMember && (
          <Badge tone="warning" className="h-5 px-2">
            {t('llm.keys.hasLeft')}
          </Badge>
        )}
      </p>
      <p className="text-xs whitespace-nowrap text-muted">{format.date(createdAt)}</p>
    </>
  );
}

/** Secrets that were replaced and still open it. */
export function OldSecrets({ llmKey }: { llmKey: LlmKey }) {
  const { t } = useTranslation();
  const format = useFormat();
  return llmKey.oldSecrets.map(({ prefix, expiresAt }) => (
    <p key={`${prefix}${expiresAt}`} className="mt-0.5 text-xs text-muted">
      {t('llm.keys.oldSecret', { prefix, until: format.dateTime(expiresAt) })}
    </p>
  ));
}
