import { z } from 'zod';
import { ChargeChange, ChargeInput, newCharge, updateCharge } from './charges.ts';
import { invalid } from './errors.ts';
import { paginate, read, type LagoRouter } from './http.ts';
import { activate, isUpgrade } from './lifecycle.ts';
import type { Charge, Plan } from './model.ts';
import { newId, now, type Organization } from './organization.ts';
import { planBy } from './plan-rows.ts';
import { presentPlan } from './present.ts';

const PlanInput = z.strictObject({
  name: z.string().min(1, 'value_is_mandatory'),
  code: z.string().min(1, 'value_is_mandatory'),
  interval: z.enum(['weekly', 'monthly', 'quarterly', 'semiannual', 'yearly']),
  amount_cents: z.number().int().nonnegative(),
  amount_currency: z.string().regex(/^[A-Z]{3}$/, 'value_is_invalid'),
  pay_in_advance: z.boolean(),
  invoice_display_name: z.string().nullable().optional(),
  description: z.string().nullable().optional(),
  trial_period: z.number().nonnegative().nullable().optional(),
  bill_charges_monthly: z.literal(false, 'not_supported_by_the_sandbox').nullable().optional(),
  tax_codes: z.array(z.string()).max(0, 'not_supported_by_the_sandbox').optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
  charges: z.array(ChargeInput).optional(),
});
type PlanInput = z.output<typeof PlanInput>;

const PlanChange = PlanInput.partial().extend({
  charges: z.array(ChargeChange).optional(),
});

export function planRoutes(router: LagoRouter, org: Organization): void {
  router.post('/plans', (call) => {
    call.body = { plan: presentPlan(create(org, read(call, 'plan', PlanInput))) };
  });
  router.get('/plans', (call) => {
    call.body = paginate(call, 'plans', org.rows.plans.toReversed(), presentPlan);
  });
  router.get('/plans/:code', (call) => {
    call.body = { plan: presentPlan(planBy(org, call.params['code'])) };
  });
  router.put('/plans/:code', (call) => {
    const plan = planBy(org, call.params['code']);
    update(org, plan, read(call, 'plan', PlanChange));
    call.body = { plan: presentPlan(plan) };
  });
}

function create(org: Organization, input: PlanInput): Plan {
  if (org.rows.plans.some((row) => row.code === input.code)) throw invalid({ code: ['value_already_exist'] });
  const charges: Charge[] = [];
  for (const charge of input.charges ?? []) charges.push(newCharge(org, charges, charge));
  const plan: Plan = {
    id: newId(),
    code: input.code,
    name: input.name,
    invoiceDisplayName: input.invoice_display_name ?? null,
    description: input.description ?? null,
    interval: input.interval,
    amountCents: input.amount_cents,
    currency: input.amount_currency,
    payInAdvance: input.pay_in_advance,
    trialPeriodDays: input.trial_period ?? 0,
    charges,
    createdAt: now(org),
  };
  org.rows.plans.push(plan);
  return plan;
}

/** With subscriptions attached only names, description, amount and charges change; the rest is silently kept. */
function update(org: Organization, plan: Plan, change: z.output<typeof PlanChange>): void {
  const isAttached = org.rows.subscriptions.some((row) => row.plan === plan);
  const charges = change.charges && replaceCharges(org, plan, change.charges);
  plan.name = change.name ?? plan.name;
  if (change.invoice_display_name !== undefined) plan.invoiceDisplayName = change.invoice_display_name;
  if (change.description !== undefined) plan.description = change.description;
  if (!isAttached) {
    const isTaken = org.rows.plans.some((row) => row !== plan && row.code === change.code);
    if (isTaken) throw invalid({ code: ['value_already_exist'] });
    plan.code = change.code ?? plan.code;
    plan.interval = change.interval ?? plan.interval;
    plan.payInAdvance = change.pay_in_advance ?? plan.payInAdvance;
    plan.currency = change.amount_currency ?? plan.currency;
    plan.trialPeriodDays = change.trial_period ?? plan.trialPeriodDays;
  }
  if (charges) plan.charges = charges;
  if (change.amount_cents !== undefined && change.amount_cents !== plan.amountCents) {
    plan.amountCents = change.amount_cents;
    reprocessDowngrades(org, plan);
  }
}

/** The trap of this endpoint: every charge that is not listed by its `id` is gone, and one without `id` is new. */
function replaceCharges(org: Organization, plan: Plan, inputs: ChargeChange[]): Charge[] {
  const kept: Charge[] = [];
  for (const input of inputs) {
    const known = plan.charges.find((row) => row.id === input.id);
    if (known) updateCharge(org, plan, known, input);
    kept.push(known ?? newCharge(org, kept, requireWhole(input)));
  }
  return kept;
}

function requireWhole(input: ChargeChange): ChargeInput {
  const { billable_metric_id, charge_model, properties } = input;
  if (!billable_metric_id || !charge_model || !properties) throw invalid({ charges: ['value_is_mandatory'] });
  return { ...input, billable_metric_id, charge_model, properties };
}

/** A waiting downgrade whose plan now costs as much or more is an upgrade, and happens at once. */
function reprocessDowngrades(org: Organization, plan: Plan): void {
  for (const row of org.rows.subscriptions) {
    const isWaiting = row.plan === plan && row.status === 'pending' && row.previous !== null;
    if (isWaiting && row.previous && isUpgrade(row.previous, row)) activate(org, row, now(org));
  }
}
