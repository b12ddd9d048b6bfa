import { useTranslation } from 'react-i18next';
import { useFormat } from '#i18n/use-format.ts';
import { useKnownText } from '#i18n/use-known-text.ts';

type Grant = number | boolean | string | readonly string[] | null;

/** "sites_max_users" → "Sites max users": for entitlements that an operator added to the catalogue. */
function humanized(key: string): string {
  const words = key.replace(/[._-]+/g, ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A grant of a plan as one line; null for what a plan does not grant. */
export function useEntitlementText() {
  const { t } = useTranslation();
  const knownText = useKnownText();
  const format = useFormat();

  const name = (key: string): string => knownText(`catalogue.entitlements.${key}`, humanized(key));

  const value = (grant: Exclude<Grant, boolean>): string => {
    if (grant === null || grant === -1) return t('catalogue.unlimited');
    if (typeof grant === 'number') return format.number(grant);
    return typeof grant === 'string' ? grant : format.list(grant);
  };

  const line = (key: string, grant: Grant): string | null => {
    if (grant === false || grant === 0) return null;
    if (grant === true) return name(key);
    return t('catalogue.grant', { name: name(key), value: value(grant) });
  };

  return { name, line };
}
