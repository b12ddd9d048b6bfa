import { usePlans } from '#features/catalogue/api/plans.ts';
import { useLocale } from '#i18n/use-locale.ts';

/** A plan's name in the reader's language; its key until the catalogue is here. */
export function usePlanName(): (planKey: string) => string {
  const locale = useLocale();
  const { data } = usePlans();
  return (planKey) => data?.items.find((plan) => plan.key === planKey)?.name[locale] ?? planKey;
}
