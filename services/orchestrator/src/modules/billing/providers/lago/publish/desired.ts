import type { Catalogue, Charge, Metric, Plan, Price } from '#modules/catalogue/schemas.ts';

/** The catalogue in Lago's words (contracts/billing.md A2, F1). */
export interface DesiredMetric {
  code: string;
  name: string;
  aggregation_type: string;
  field_name: string | null;
}

export interface DesiredCharge {
  code: string;
  charge_model: string;
  properties: Record<string, unknown>;
}

export interface DesiredPlan {
  code: string;
  name: string;
  invoice_display_name: string;
  interval: string;
  amount_cents: number;
  amount_currency: string;
  pay_in_advance: true;
  charges: DesiredCharge[];
}

export const desiredMetrics = (catalogue: Catalogue): DesiredMetric[] => catalogue.metrics.map(toMetric);

/** One Lago plan per price. */
export const desiredPlans = (catalogue: Catalogue): DesiredPlan[] =>
  catalogue.plans.flatMap((plan) => plan.prices.map((price) => toPlan(plan, price)));

const toMetric = ({ code, name, aggregation, field }: Metric): DesiredMetric => ({
  code,
  name: name.en,
  aggregation_type: aggregation === 'unique' ? 'unique_count_agg' : `${aggregation}_agg`,
  field_name: aggregation === 'count' ? null : (field ?? null),
});

function toPlan(plan: Plan, { code, interval, currency, amountMinor }: Price): DesiredPlan {
  const isYear = interval === 'year';
  return {
    code,
    name: `${plan.name.en} ${isYear ? 'yearly' : 'monthly'} ${currency} (${plan.key} v${plan.revision})`,
    invoice_display_name: plan.name.en,
    interval: isYear ? 'yearly' : 'monthly',
    amount_cents: amountMinor,
    amount_currency: currency,
    pay_in_advance: true,
    charges: plan.charges.map((charge) => toCharge(charge, currency)),
  };
}

/** A charge's code is its metric's: a plan charges for each metric once. */
function toCharge(charge: Charge, currency: string): DesiredCharge {
  const common = { code: charge.metric, charge_model: charge.model };
  switch (charge.model) {
    case 'standard':
      return { ...common, properties: { amount: charge.unit[currency] } };
    case 'package': {
      const { free, size } = charge;
      return { ...common, properties: { amount: charge.package[currency], free_units: free, package_size: size } };
    }
    case 'graduated': {
      let from = 0;
      const ranges = (charge.tiers[currency] ?? []).map(({ upTo, unit, flat }) => {
        const range = { from_value: from, to_value: upTo, per_unit_amount: unit, flat_amount: flat };
        from = (upTo ?? 0) + 1;
        return range;
      });
      return { ...common, properties: { graduated_ranges: ranges } };
    }
  }
}

/** True for a charge that only shows usage: adding it to a published plan alters no price. */
export const isFree = ({ charge_model: model, properties }: DesiredCharge): boolean =>
  model === 'standard' && Number(properties['amount']) === 0;
