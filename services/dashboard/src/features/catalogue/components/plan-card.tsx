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
  const { name, amount } = useEntitlementText();
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
      <p className="mt-1 min-h-[2lh] text-pretty text-muted">{plan.description[locale]}</p>
      <PriceLine price={price} isOnRequest={plan.prices.length === 0} />
      <dl className="mt-5 mb-6 divide-y divide-line border-y border-line">
        {Object.entries(plan.entitlements).map(([key, grant]) => (
          <GrantLine key={key} name={name(key)} amount={amount(grant)} />
        ))}
      </dl>
      <div className="mt-auto">{action}</div>
    </article>
  );
}

function PriceLine({ price, isOnRequest }: { price: Price | undefined; isOnRequest: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (!price) {
    return (
      <p className="mt-5 flex h-10 items-center text-xl font-semibold text-muted">
        {isOnRequest ? t('catalogue.onRequest') : t('catalogue.notInCurrency')}
      </p>
    );
  }
  if (price.amountMinor === 0)
    return <p className="mt-5 flex h-10 items-center text-3xl font-semibold tracking-tight">{t('catalogue.free')}</p>;
  return (
    <p className="mt-5 flex h-10 items-baseline gap-1.5">
      <span className="text-3xl font-semibold tracking-tight tabular-nums">
        {format.price(price.amountMinor, price.currency)}
      </span>
      <span className="text-muted">{t(`catalogue.per.${price.interval}`)}</span>
    </p>
  );
}

function GrantLine({ name, amount }: { name: string; amount: string | true | null }) {
  const { t } = useTranslation();
  if (amount === null) return null;
  return (
    <div className="flex items-baseline justify-between gap-4 py-2">
      <dt className="text-muted">{name}</dt>
      <dd className="min-w-0 text-right font-medium wrap-anywhere">
        {amount === true ? (
          <Check role="img" aria-label={t('catalogue.included')} className="size-4 text-accent" />
        ) : (
          amount
        )}
      </dd>
    </div>
  );
}
