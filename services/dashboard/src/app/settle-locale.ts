import type { QueryClient } from '@tanstack/react-query';
import { saveMyLocale, type Me } from '#features/identity/api/me.ts';
import { chosenLocale, shownLocale, showLocale } from '#i18n/index.ts';

/**
 * A language chosen in this browser wins and becomes the account's; without one, the account's is shown.
 * A newcomer's account has a default that nobody chose: it takes over the browser's language.
 */
export async function settleLocale(queryClient: QueryClient, me: Me): Promise<void> {
  const isNewcomer = me.tenants.length === 0;
  const wanted = chosenLocale() ?? (isNewcomer ? shownLocale() : null);
  if (wanted === null) return showLocale(me.user.locale);
  if (wanted !== me.user.locale) void saveMyLocale(queryClient, me, wanted);
}
