import { Check } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '#i18n/use-format.ts';
import { useLocale } from '#i18n/use-locale.ts';
import { cn } from '#lib/cn.ts';
import { Badge } from '#ui/badge.tsx';
import { useEntitlementText } from '../api/entitlement-text.ts';
import type { Plan, Price } from '../api/plans.ts';

interface PlanCardProps {
  plan: Plan;
  price: Price | undefined;
  isCurrent?: boolean;
  action: ReactNode;
}

export function PlanCard({ plan, price, isCurrent = false, action }: PlanCardProps) {
  const { t } = useTranslation();
  const locale = useLocale();
  const { line } = useEntitlementText();
  const grants = Object.entries(plan.entitlements).flatMap(([key, grant]) => line(key, grant) ?? []);
  return (
    <article
      aria-label={plan.name[locale]}
      className={cn(
        'flex flex-col rounded-xl border bg-surface p-5 shadow-card sm:p-6',
        isCurrent ? 'border-accent ring-1 ring-accent' : 'border-line',
      )}
    >
      <div className="flex items-center justify-between gap-3">
        <h3 className="text-base font-semibold">{plan.name[locale]}</h3>
        {isCurrent && <Badge tone="accent">{t('catalogue.current')}</Badge>}
      </div>
      <p className="mt-1 text-pretty text-muted">{plan.description[locale]}</p>
      <PriceLine price={price} isOnRequest={plan.prices.length === 0} />
      <ul className="mt-5 mb-6 space-y-2">
        {grants.map((grant) => (
          <li key={grant} className="flex gap-2.5">
            <Check aria-hidden className="mt-0.5 size-4 shrink-0 text-accent" />
            <span>{grant}</span>
          </li>
        ))}
      </ul>
      <div className="mt-auto">{action}</div>
    </article>
  );
}

function PriceLine({ price, isOnRequest }: { price: Price | undefined; isOnRequest: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (!price) {
    return (
      <p className="mt-5 text-xl font-semibold text-muted">
        {isOnRequest ? t('catalogue.onRequest') : t('catalogue.notInCurrency')}
      </p>
    );
  }
  if (price.amountMinor === 0)
    return <p className="mt-5 text-3xl font-semibold tracking-tight">{t('catalogue.free')}</p>;
  return (
    <p className="mt-5 flex items-baseline gap-1.5">
      <span className="text-3xl font-semibold tracking-tight tabular-nums">
        {format.price(price.amountMinor, price.currency)}
      </span>
      <span className="text-muted">{t(`catalogue.per.${price.interval}`)}</span>
    </p>
  );
}
