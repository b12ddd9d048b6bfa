import { z } from 'zod';
import { minorUnits } from '../kernel/money.ts';
import type { Charge } from './model.ts';

const amount = z.string().regex(/^\d+(\.\d+)?$/, 'invalid_amount');
const count = z.number().int().nonnegative();

const range = z.strictObject({
  from_value: count,
  to_value: count.nullable(),
  per_unit_amount: amount,
  flat_amount: amount,
});
type Range = z.output<typeof range>;

const ranges = z
  .array(range)
  .min(1)
  .refine((list) => list.every(followsOn(list)), 'invalid_graduated_ranges');

/** Ranges start at 0, touch each other, and only the last is open. */
function followsOn(list: Range[]): (current: Range, index: number) => boolean {
  return (current, index) => {
    const before = list[index - 1];
    const isLast = index === list.length - 1;
    const startsRight = before ? current.from_value === (before.to_value ?? NaN) + 1 : current.from_value === 0;
    return startsRight && (current.to_value === null) === isLast;
  };
}

/** What `properties` must hold per charge model; amounts are strings in currency units. */
export const chargeProperties = {
  standard: z.strictObject({ amount }),
  graduated: z.strictObject({ graduated_ranges: ranges }),
  volume: z.strictObject({ volume_ranges: ranges }),
  package: z.strictObject({ amount, free_units: count, package_size: count.min(1) }),
  percentage: z.strictObject({ rate: amount, fixed_amount: amount.optional() }),
};

/** The price of the units in currency units (not minor units). */
export function priceOf(charge: Charge, units: number, eventsCount: number): number {
  const properties = charge.properties;
  switch (charge.chargeModel) {
    case 'standard':
      return units * Number(chargeProperties.standard.parse(properties).amount);
    case 'graduated':
      return graduated(chargeProperties.graduated.parse(properties).graduated_ranges, units);
    case 'volume':
      return volume(chargeProperties.volume.parse(properties).volume_ranges, units);
    case 'package': {
      const model = chargeProperties.package.parse(properties);
      const billed = Math.max(0, units - model.free_units);
      return Math.ceil(billed / model.package_size) * Number(model.amount);
    }
    case 'percentage': {
      const model = chargeProperties.percentage.parse(properties);
      return (units * Number(model.rate)) / 100 + eventsCount * Number(model.fixed_amount ?? 0);
    }
  }
}

function graduated(list: Range[], units: number): number {
  let total = 0;
  for (const { from_value, to_value, per_unit_amount, flat_amount } of list) {
    const below = from_value === 0 ? 0 : from_value - 1;
    if (units <= below) break;
    total += (Math.min(units, to_value ?? Infinity) - below) * Number(per_unit_amount) + Number(flat_amount);
  }
  return total;
}

function volume(list: Range[], units: number): number {
  const match = list.find(({ to_value }) => to_value === null || units <= to_value);
  return match && units > 0 ? units * Number(match.per_unit_amount) + Number(match.flat_amount) : 0;
}

export function toMinorUnits(amountInUnits: number, currency: string): number {
  // Binary fractions put 1.005 just below the half cent that Lago's decimals round up.
  return Math.round(amountInUnits * minorUnits(currency) + 1e-7);
}
