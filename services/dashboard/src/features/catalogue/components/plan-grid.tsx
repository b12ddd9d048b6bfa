import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Segmented } from '#ui/segmented.tsx';
import { priceOf, type Interval, type Plan, type Price } from '../api/plans.ts';
import { PlanCard } from './plan-card.tsx';

const INTERVALS = ['month', 'year'] as const satisfies readonly Interval[];

interface PlanGridProps {
  plans: readonly Plan[];
  /** Null before there is a tenant: each plan in the first currency it is sold in. */
  currency: string | null;
  currentPlanKeys?: readonly string[];
  action: (plan: Plan, price: Price | undefined) => ReactNode;
}

/** The plans of one line, in the catalogue's order; the interval is asked only when the line is sold by both. */
export function PlanGrid({ plans, currency, currentPlanKeys = [], action }: PlanGridProps) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState<Interval>('month');
  const sold = INTERVALS.filter((interval) => plans.some((plan) => priceOf(plan, currency, interval)));
  const interval = sold.includes(chosen) ? chosen : (sold[0] ?? 'month');
  // A plan sold only by the year still belongs on the page of monthly prices.
  const shownPrice = (plan: Plan) =>
    priceOf(plan, currency, interval) ?? plan.prices.find((price) => price.currency === currency);
  return (
    <div>
      {sold.length > 1 && (
        <div className="mb-5">
          <Segmented
            legend={t('catalogue.interval')}
            name="interval"
            value={interval}
            options={sold.map((value) => ({ value, label: t(`catalogue.intervals.${value}`) }))}
            onChange={setChosen}
          />
        </div>
      )}
      <div className="grid grid-cols-1 gap-4 sm:grid-cols-2 xl:grid-cols-3">
        {plans.map((plan) => (
          <PlanCard
            key={plan.key}
            plan={plan}
            price={shownPrice(plan)}
            isCurrent={currentPlanKeys.includes(plan.key)}
            action={action(plan, shownPrice(plan))}
          />
        ))}
      </div>
    </div>
  );
}
