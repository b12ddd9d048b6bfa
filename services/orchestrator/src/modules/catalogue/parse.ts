import { parseDocument } from 'yaml';
import type { z } from 'zod';
import type { chargeSchema, metricSchema } from './file-schema.ts';
import { fileSchema, type generatorSchema, type lineSchema, planSchema } from './file-schema.ts';
import type { Grants } from './entitlement-keys.ts';
import { type Interval, priceCode } from './prices.ts';

export type Line = z.output<typeof lineSchema>;
export type Metric = z.output<typeof metricSchema>;
export type Charge = z.output<typeof chargeSchema>;
export type Generator = z.output<typeof generatorSchema>;
type Text = Record<'en' | 'fr', string>;

export interface Price {
  code: string;
  interval: Interval;
  currency: string;
  amountMinor: number;
}

export interface Plan {
  key: string;
  line: Line;
  revision: number;
  /** Every new tenant gets it; it stays below whatever else is bought. */
  isDefault: boolean;
  isHidden: boolean;
  name: Text;
  description: Text;
  grants: Grants;
  /** Generators that are added so many days after the purchase. */
  unlock: { afterDays: number; generators: string[] }[];
  prices: Price[];
  charges: Charge[];
}

export interface Catalogue {
  currencies: string[];
  tiers: string[];
  metrics: Metric[];
  generators: Generator[];
  plans: Plan[];
}

export class CatalogueError extends Error {
  override readonly name = 'CatalogueError';
  readonly problems: readonly string[];
  constructor(file: string, problems: readonly string[]) {
    super(`The catalogue ${file} is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

/** Throws a CatalogueError that names every problem at once. */
export function parseCatalogue(text: string, file: string): Catalogue {
  const document = parseDocument(text, { prettyErrors: true });
  if (document.errors.length > 0)
    throw new CatalogueError(
      file,
      document.errors.map((error) => error.message),
    );
  const parsed = fileSchema.safeParse(document.toJS());
  if (!parsed.success) throw new CatalogueError(file, problemsOf('', parsed.error));
  const { version: _version, plans: rawPlans, ...rest } = parsed.data;
  const problems: string[] = [];
  const plans = expandTemplates(rawPlans, rest.generators).flatMap((raw, index) => {
    const plan = planSchema.safeParse(raw);
    const name = typeof raw['key'] === 'string' ? `plan ${raw['key']}` : `plans.${index}`;
    if (plan.success) return [toPlan(plan.data)];
    problems.push(...problemsOf(`${name}: `, plan.error));
    return [];
  });
  const catalogue = { ...rest, plans };
  problems.push(...contradictions(catalogue));
  if (problems.length > 0) throw new CatalogueError(file, problems);
  return catalogue;
}

function problemsOf(prefix: string, error: z.ZodError): string[] {
  return error.issues.map((issue) => `${prefix}${issue.path.map(String).join('.') || 'file'}: ${issue.message}`);
}

type RawPlan = Record<string, unknown>;

/**
 * `each: generator` becomes one plan per generator: each is then subscribed, priced, cancelled and reported on its own,
 * which one plan with a quantity could not do.
 */
function expandTemplates(rawPlans: RawPlan[], generators: Generator[]): RawPlan[] {
  return rawPlans.flatMap((raw) => {
    if (raw['each'] !== 'generator') return [raw];
    const { each: _each, ...template } = raw;
    return generators.map(({ code, name }) => fill(template, { generator: code, name }) as RawPlan);
  });
}

function fill(value: unknown, values: Record<string, string>): unknown {
  if (typeof value === 'string') return value.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
  if (Array.isArray(value)) return value.map((item) => fill(item, values));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, values)]));
}

function toPlan(raw: z.output<typeof planSchema>): Plan {
  const { default: isDefault, hidden: isHidden, entitlements, prices, ...plan } = raw;
  return {
    ...plan,
    isDefault,
    isHidden,
    grants: entitlements,
    prices: prices.map(({ interval, currency, amount }) => ({
      code: priceCode(plan.key, interval, currency, plan.revision),
      interval,
      currency,
      amountMinor: amount,
    })),
  };
}

function contradictions(catalogue: Catalogue): string[] {
  return [
    ...duplicates('currencies', catalogue.currencies),
    ...duplicates('tiers', catalogue.tiers),
    ...duplicates(
      'metrics',
      catalogue.metrics.map(({ code }) => code),
    ),
    ...duplicates(
      'generators',
      catalogue.generators.map(({ code }) => code),
    ),
    ...duplicates(
      'plans',
      catalogue.plans.map(({ key }) => key),
    ),
    ...catalogue.metrics
      .filter(({ aggregation, field }) => aggregation !== 'count' && field === undefined)
      .map(({ code, aggregation }) => `metric ${code}: a ${aggregation} needs a field`),
    ...catalogue.plans.flatMap((plan) =>
      [...pricesOf(plan, catalogue), ...grantsOf(plan, catalogue), ...chargesOf(plan, catalogue)].map(
        (problem) => `plan ${plan.key}: ${problem}`,
      ),
    ),
  ];
}

function duplicates(where: string, values: string[]): string[] {
  const twice = values.filter((value, index) => values.indexOf(value) !== index);
  return [...new Set(twice)].map((value) => `${where}: ${value} is there twice`);
}

function pricesOf({ prices, isDefault }: Plan, { currencies }: Catalogue): string[] {
  const problems = duplicates(
    'prices',
    prices.map(({ code }) => code),
  );
  for (const { code, currency, amountMinor } of prices) {
    if (!currencies.includes(currency)) problems.push(`${code}: ${currency} is not among the currencies`);
    // Chargily takes whole dinars only (contracts/billing.md C).
    if (currency === 'DZD' && amountMinor % 100 !== 0) problems.push(`${code}: ${amountMinor} is not whole dinars`);
    if (isDefault && amountMinor !== 0) problems.push(`${code}: a default plan must be free`);
  }
  if (isDefault)
    for (const currency of currencies)
      if (!prices.some((price) => price.currency === currency))
        problems.push(`a default plan needs a price in ${currency}`);
  return problems;
}

function grantsOf({ grants, unlock }: Plan, { tiers, generators }: Catalogue): string[] {
  const named = [
    ...(Array.isArray(grants.generators) ? grants.generators : []),
    ...unlock.flatMap((step) => step.generators),
  ];
  const problems = named
    .filter((code) => !generators.some((generator) => generator.code === code))
    .map((code) => `there is no generator ${code}`);
  if (grants.llm_tier !== undefined && !tiers.includes(grants.llm_tier))
    problems.push(`${grants.llm_tier} is not among the tiers`);
  return problems;
}

function chargesOf({ charges, prices, line }: Plan, { metrics }: Catalogue): string[] {
  const problems = duplicates(
    'charges',
    charges.map(({ metric }) => metric),
  );
  for (const charge of charges) {
    const metric = metrics.find(({ code }) => code === charge.metric);
    if (!metric) problems.push(`there is no metric ${charge.metric}`);
    else if (metric.line !== line) problems.push(`the metric ${charge.metric} belongs to the line ${metric.line}`);
    for (const { currency } of prices)
      if (!(currency in amountsOf(charge))) problems.push(`the charge ${charge.metric} has no amount in ${currency}`);
    if (charge.model === 'graduated')
      for (const [currency, tiers] of Object.entries(charge.tiers))
        if (!areTiersInOrder(tiers))
          problems.push(
            `the charge ${charge.metric} in ${currency}: only the last tier is open (upTo: null), each above the one before`,
          );
  }
  return problems;
}

export function amountsOf(charge: Charge): Record<string, unknown> {
  if (charge.model === 'standard') return charge.unit;
  return charge.model === 'package' ? charge.package : charge.tiers;
}

function areTiersInOrder(tiers: { upTo: number | null }[]): boolean {
  return tiers.every(({ upTo }, index) => {
    const isLast = index === tiers.length - 1;
    if (upTo === null || isLast) return upTo === null && isLast;
    return upTo > (tiers[index - 1]?.upTo ?? 0);
  });
}
