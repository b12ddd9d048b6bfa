import { z } from 'zod';
import { invalid, notFound } from './errors.ts';
import { paginate, read, type LagoRouter } from './http.ts';
import type { Charge, Plan } from './model.ts';
import { newId, now, type Organization } from './organization.ts';
import { planBy } from './plan-rows.ts';
import { presentCharge } from './present.ts';
import { chargeProperties } from './pricing.ts';

const none = z.array(z.unknown()).max(0, 'not_supported_by_the_sandbox').optional();

/** Premium options that OSS ignores are accepted and have no effect; what only the sandbox lacks is refused. */
export const ChargeInput = z.strictObject({
  id: z.uuid().optional(),
  billable_metric_id: z.uuid(),
  code: z.string().min(1).optional(),
  charge_model: z.enum(
    ['standard', 'graduated', 'package', 'volume', 'percentage'],
    'graduated_percentage_requires_premium_license',
  ),
  invoice_display_name: z.string().nullable().optional(),
  properties: z.record(z.string(), z.unknown()),
  pay_in_advance: z.literal(false, 'not_supported_by_the_sandbox').optional(),
  prorated: z.literal(false, 'not_supported_by_the_sandbox').optional(),
  invoiceable: z.boolean().optional(),
  min_amount_cents: z.number().int().nonnegative().optional(),
  filters: none,
  tax_codes: none,
});
export type ChargeInput = z.output<typeof ChargeInput>;
export const ChargeChange = ChargeInput.partial();
export type ChargeChange = z.output<typeof ChargeChange>;

export function chargeRoutes(router: LagoRouter, org: Organization): void {
  router.get('/plans/:code/charges', (call) => {
    call.body = paginate(call, 'charges', planBy(org, call.params['code']).charges.toReversed(), presentCharge);
  });
  router.post('/plans/:code/charges', (call) => {
    const plan = planBy(org, call.params['code']);
    const charge = newCharge(org, plan.charges, read(call, 'charge', ChargeInput));
    plan.charges.push(charge);
    call.body = { charge: presentCharge(charge) };
  });
  router.get('/plans/:code/charges/:chargeCode', (call) => {
    call.body = { charge: presentCharge(chargeBy(planBy(org, call.params['code']), call.params['chargeCode'])) };
  });
  router.put('/plans/:code/charges/:chargeCode', (call) => {
    const plan = planBy(org, call.params['code']);
    const charge = chargeBy(plan, call.params['chargeCode']);
    updateCharge(org, plan, charge, read(call, 'charge', ChargeChange));
    call.body = { charge: presentCharge(charge) };
  });
  router.delete('/plans/:code/charges/:chargeCode', (call) => {
    const plan = planBy(org, call.params['code']);
    const charge = chargeBy(plan, call.params['chargeCode']);
    plan.charges = plan.charges.filter((row) => row !== charge);
    call.body = { charge: presentCharge(charge) };
  });
}

function chargeBy(plan: Plan, code: string | undefined): Charge {
  const charge = plan.charges.find((row) => row.code === code);
  if (!charge) throw notFound('charge');
  return charge;
}

/** `siblings` are the charges the new one will stand beside: a code is unique within its plan. */
export function newCharge(org: Organization, siblings: Charge[], input: ChargeInput): Charge {
  const metric = org.rows.metrics.find((row) => row.id === input.billable_metric_id);
  if (!metric) throw notFound('billable_metrics');
  const code = input.code ?? freeCode(siblings, metric.code);
  if (siblings.some((row) => row.code === code)) throw invalid({ code: ['value_already_exist'] });
  return {
    id: newId(),
    code,
    metric,
    chargeModel: input.charge_model,
    invoiceDisplayName: input.invoice_display_name ?? null,
    properties: checkProperties(input.charge_model, input.properties),
    createdAt: now(org),
  };
}

/** With subscriptions attached only the display name and the properties change; the rest is silently kept. */
export function updateCharge(org: Organization, plan: Plan, charge: Charge, change: ChargeChange): void {
  const isAttached = org.rows.subscriptions.some((row) => row.plan === plan);
  const model = isAttached ? charge.chargeModel : (change.charge_model ?? charge.chargeModel);
  if (change.properties) charge.properties = checkProperties(model, change.properties);
  charge.chargeModel = model;
  if (change.invoice_display_name !== undefined) charge.invoiceDisplayName = change.invoice_display_name;
}

function checkProperties(model: Charge['chargeModel'], properties: unknown): Record<string, unknown> {
  const parsed = chargeProperties[model].safeParse(properties);
  if (parsed.success) return parsed.data;
  const reasons = parsed.error.issues.map((issue) => {
    const field = String(issue.path.findLast((part) => typeof part === 'string') ?? model);
    return /^[a-z_]+$/.test(issue.message) && issue.message !== 'invalid_amount' ? issue.message : `invalid_${field}`;
  });
  throw invalid({ properties: [...new Set(reasons)] });
}

function freeCode(siblings: Charge[], base: string): string {
  let code = base;
  for (let count = 1; siblings.some((row) => row.code === code); count += 1) code = `${base}_${count}`;
  return code;
}
