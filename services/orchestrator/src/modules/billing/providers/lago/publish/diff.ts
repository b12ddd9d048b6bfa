import type { LagoCharge, LagoEndpoint, LagoMetric, LagoPlan } from '../shapes.ts';
import { type DesiredCharge, type DesiredMetric, type DesiredPlan, isFree } from './desired.ts';

export interface Published {
  metrics: readonly LagoMetric[];
  plans: readonly LagoPlan[];
  endpoints: readonly LagoEndpoint[];
}

export interface Desired {
  metrics: readonly DesiredMetric[];
  plans: readonly DesiredPlan[];
  endpoint: { webhook_url: string; signature_algo: 'hmac'; name: string };
}

/** One thing to do, in the order in which it must be done. */
export type Change =
  | { kind: 'create_metric'; metric: DesiredMetric }
  | { kind: 'rename_metric'; metric: DesiredMetric }
  | { kind: 'create_plan'; plan: DesiredPlan }
  | { kind: 'rename_plan'; plan: DesiredPlan }
  | { kind: 'add_charge'; plan: string; charge: DesiredCharge }
  | { kind: 'create_endpoint'; endpoint: Desired['endpoint'] }
  | { kind: 'update_endpoint'; id: string; endpoint: Desired['endpoint'] };

interface Difference {
  changes: Change[];
  refusals: string[];
}

/** Only what the catalogue speaks of; nothing is ever deleted. */
export function compare(published: Published, desired: Desired): Difference {
  const parts = [
    ...desired.metrics.map((metric) => compareMetric(find(published.metrics, metric.code), metric)),
    ...desired.plans.map((plan) => comparePlan(find(published.plans, plan.code), plan)),
    compareEndpoint(published.endpoints, desired.endpoint),
  ];
  return { changes: parts.flatMap((part) => part.changes), refusals: parts.flatMap((part) => part.refusals) };
}

const find = <T extends { code: string }>(items: readonly T[], code: string) =>
  items.find((item) => item.code === code);

function compareMetric(there: LagoMetric | undefined, metric: DesiredMetric): Difference {
  if (!there) return { changes: [{ kind: 'create_metric', metric }], refusals: [] };
  const refusals = fixed(`metric ${metric.code}`, [
    ['aggregation', there.aggregation_type, metric.aggregation_type],
    ['field', there.field_name, metric.field_name],
  ]);
  return { changes: there.name === metric.name ? [] : [{ kind: 'rename_metric', metric }], refusals };
}

function comparePlan(there: LagoPlan | undefined, plan: DesiredPlan): Difference {
  if (!there) return { changes: [{ kind: 'create_plan', plan }], refusals: [] };
  const charges = compareCharges(there, plan);
  const isRenamed = there.name !== plan.name || there.invoice_display_name !== plan.invoice_display_name;
  const refusals = fixed(`price ${plan.code}`, [
    ['amount', there.amount_cents, plan.amount_cents],
    ['currency', there.amount_currency, plan.amount_currency],
    ['interval', there.interval, plan.interval],
    ['pay in advance', there.pay_in_advance, plan.pay_in_advance],
  ]);
  return {
    changes: [...(isRenamed ? [{ kind: 'rename_plan', plan } as const] : []), ...charges.changes],
    refusals: [...refusals, ...charges.refusals],
  };
}

function compareCharges(there: LagoPlan, plan: DesiredPlan): Difference {
  const changes: Change[] = [];
  const refusals: string[] = [];
  const codeOf = (charge: LagoCharge) => charge.code ?? charge.billable_metric_code;
  for (const charge of plan.charges) {
    const known = there.charges.find((one) => codeOf(one) === charge.code);
    const where = `price ${plan.code}, charge ${charge.code}`;
    if (known) {
      refusals.push(...fixed(where, [['model', known.charge_model, charge.charge_model]]));
      refusals.push(...fixed(where, [['price', canonical(known.properties), canonical(charge.properties)]]));
    } else if (isFree(charge)) changes.push({ kind: 'add_charge', plan: plan.code, charge });
    else refusals.push(`${where}: is published without it; ${REVISE}`);
  }
  for (const known of there.charges)
    if (!plan.charges.some(({ code }) => code === codeOf(known)))
      refusals.push(`price ${plan.code}, charge ${codeOf(known)}: is published and not in the catalogue; ${REVISE}`);
  return { changes, refusals };
}

function compareEndpoint(endpoints: readonly LagoEndpoint[], endpoint: Desired['endpoint']): Difference {
  const there =
    endpoints.find(({ webhook_url: url }) => url === endpoint.webhook_url) ??
    endpoints.find(({ name }) => name === endpoint.name);
  if (!there) return { changes: [{ kind: 'create_endpoint', endpoint }], refusals: [] };
  const isRight = there.webhook_url === endpoint.webhook_url && there.signature_algo === endpoint.signature_algo;
  return { changes: isRight ? [] : [{ kind: 'update_endpoint', id: there.lago_id, endpoint }], refusals: [] };
}

const REVISE = 'raise the plan’s revision instead';

function fixed(where: string, fields: [name: string, there: unknown, here: unknown][]): string[] {
  return fields
    .filter(([, there, here]) => there !== here)
    .map(([name, there, here]) => `${where}: ${name} is published as ${String(there)}, not ${String(here)}; ${REVISE}`);
}

/** The same for `0.5`, `0.50` and another order of keys. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => `${key}: ${canonical(item)}`)
      .join(', ')}}`;
  return typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? String(Number(value)) : String(value);
}
