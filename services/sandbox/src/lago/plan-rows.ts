import { notFound } from './errors.ts';
import type { Plan } from './model.ts';
import type { Organization } from './organization.ts';

export function planBy(org: Organization, code: string | undefined): Plan {
  const plan = org.rows.plans.find((row) => row.code === code);
  if (!plan) throw notFound('plan');
  return plan;
}
