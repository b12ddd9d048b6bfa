import { useTranslation } from 'react-i18next';
import { useFormat } from '#i18n/use-format.ts';
import { useKnownText } from '#i18n/use-known-text.ts';
import type { Plan } from './plans.ts';

type Grant = Plan['entitlements'][string];

/** "seats_per_team" → "Seats per team": for entitlements that an operator added to the catalogue. */
function humanized(key: string): string {
  const words = key.replace(/[._-]+/g, ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function useEntitlementText() {
  const { t } = useTranslation();
  const knownText = useKnownText();
  const format = useFormat();

  const name = (key: string): string => knownText(`catalogue.entitlements.${key}`, humanized(key));

  /** How much of it a plan grants; true when it simply has it, null when it does not. */
  const amount = (grant: Grant): string | true | null => {
    if (grant === false || grant === 0) return null;
    if (grant === true) return true;
    if (grant === null) return t('catalogue.unlimited');
    if (grant === 'all') return t('catalogue.all');
    if (typeof grant === 'number') return format.number(grant);
    return typeof grant === 'string' ? knownText(`catalogue.values.${grant}`, grant) : grant.join(', ');
  };

  return { name, amount };
}
