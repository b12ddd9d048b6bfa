import { z } from 'zod';
import { invalid, notFound } from './errors.ts';
import { check, paginate, read, type LagoRouter } from './http.ts';
import type { Metric } from './model.ts';
import { newId, now, type Organization } from './organization.ts';
import { presentMetric } from './present.ts';

const MetricInput = z.strictObject({
  name: z.string().min(1, 'value_is_mandatory'),
  code: z.string().min(1, 'value_is_mandatory'),
  description: z.string().nullable().optional(),
  aggregation_type: z.enum(['count_agg', 'sum_agg', 'max_agg', 'unique_count_agg', 'weighted_sum_agg', 'latest_agg']),
  weighted_interval: z.enum(['seconds']).nullable().optional(),
  recurring: z.boolean().optional(),
  field_name: z.string().nullable().optional(),
  rounding_function: z.enum(['round', 'ceil', 'floor']).nullable().optional(),
  rounding_precision: z.number().int().nullable().optional(),
  filters: z.array(z.strictObject({ key: z.string(), values: z.array(z.string()) })).optional(),
});
type MetricInput = z.output<typeof MetricInput>;
const MetricChange = MetricInput.partial();

export function metricRoutes(router: LagoRouter, org: Organization): void {
  router.post('/billable_metrics', (call) => {
    call.body = { billable_metric: presentMetric(create(org, read(call, 'billable_metric', MetricInput))) };
  });
  router.get('/billable_metrics', (call) => {
    call.body = paginate(call, 'billable_metrics', org.rows.metrics.toReversed(), presentMetric);
  });
  router.get('/billable_metrics/:code', (call) => {
    call.body = { billable_metric: presentMetric(metricBy(org, call.params['code'])) };
  });
  router.put('/billable_metrics/:code', (call) => {
    const metric = metricBy(org, call.params['code']);
    update(org, metric, read(call, 'billable_metric', MetricChange));
    call.body = { billable_metric: presentMetric(metric) };
  });
}

function metricBy(org: Organization, code: string | undefined): Metric {
  const metric = org.rows.metrics.find((row) => row.code === code);
  if (!metric) throw notFound('billable_metric');
  return metric;
}

function create(org: Organization, input: MetricInput): Metric {
  if (org.rows.metrics.some((row) => row.code === input.code)) throw invalid({ code: ['value_already_exist'] });
  const metric = { id: newId(), createdAt: now(org), ...fieldsOf(input) };
  org.rows.metrics.push(metric);
  return metric;
}

/** Once a plan uses the metric only its name, description and filters change; the rest is silently kept. */
function update(org: Organization, metric: Metric, change: z.output<typeof MetricChange>): void {
  const current = presentMetric(metric);
  const isUsed = org.rows.plans.some((plan) => plan.charges.some((charge) => charge.metric === metric));
  const { name, description, filters } = change;
  const allowed: typeof change = isUsed ? { name, description, filters } : change;
  if (org.rows.metrics.some((row) => row !== metric && row.code === allowed.code)) {
    throw invalid({ code: ['value_already_exist'] });
  }
  const sent = Object.fromEntries(Object.entries(allowed).filter(([, value]) => value !== undefined));
  const { lago_id: _id, created_at: _at, expression: _expression, ...before } = current;
  Object.assign(metric, fieldsOf(check(MetricInput, { ...before, ...sent })));
}

function fieldsOf(input: MetricInput): Omit<Metric, 'id' | 'createdAt'> {
  const needsField = input.aggregation_type !== 'count_agg';
  if (needsField && !input.field_name) throw invalid({ field_name: ['value_is_mandatory'] });
  if (input.recurring && ['count_agg', 'max_agg', 'latest_agg'].includes(input.aggregation_type)) {
    throw invalid({ recurring: ['not_compatible_with_aggregation_type'] });
  }
  return {
    code: input.code,
    name: input.name,
    description: input.description ?? null,
    aggregationType: input.aggregation_type,
    fieldName: needsField ? (input.field_name ?? null) : null,
    recurring: input.recurring ?? false,
    roundingFunction: input.rounding_function ?? null,
    roundingPrecision: input.rounding_precision ?? null,
    filters: input.filters ?? [],
  };
}
