import type { Context } from '#core/context.ts';
import type { Catalogue } from '#modules/catalogue/schemas.ts';
import type { CatalogueDifference } from '../../engine.ts';
import { lago } from '../lago.ts';
import { desiredMetrics, desiredPlans } from './desired.ts';
import { type Change, compare } from './diff.ts';

const ENDPOINT_NAME = 'bastide';

type LagoContext = Pick<Context, 'config'>;

/** Metrics, plans with their charges, and where Lago's webhooks go. */
export async function compareWithLago(ctx: LagoContext, sold: Catalogue): Promise<CatalogueDifference> {
  const api = lago(ctx);
  const { LAGO_WEBHOOK_URL: url, PUBLIC_URL: publicUrl } = ctx.config;
  const published = { metrics: await api.metrics(), plans: await api.plans(), endpoints: await api.endpoints() };
  const { changes, refusals } = compare(published, {
    metrics: desiredMetrics(sold),
    plans: desiredPlans(sold),
    endpoint: { webhook_url: url ?? `${publicUrl}/webhooks/lago`, signature_algo: 'hmac', name: ENDPOINT_NAME },
  });
  // Charges name their metric by Lago's own id; a metric that is made on the way joins these.
  const metricIds = new Map(published.metrics.map((metric) => [metric.code, metric.lago_id]));
  return {
    refusals,
    changes: changes.map((change) => ({
      summary: describeChange(change),
      carryOut: () => carryOut(ctx, change, metricIds),
    })),
  };
}

async function carryOut(ctx: LagoContext, change: Change, metricIds: Map<string, string>): Promise<void> {
  const engine = lago(ctx);
  const withMetric = <C extends { code: string }>(charge: C) => {
    const id = metricIds.get(charge.code);
    if (id === undefined) throw new Error(`Lago does not know the metric ${charge.code}`);
    return { ...charge, billable_metric_id: id };
  };
  switch (change.kind) {
    case 'create_metric': {
      const metric = await engine.createMetric({ ...change.metric, recurring: false });
      metricIds.set(metric.code, metric.lago_id);
      return;
    }
    case 'rename_metric':
      await engine.updateMetric(change.metric.code, { name: change.metric.name });
      return;
    case 'create_plan':
      // With its charges in one call: a published plan is never seen without them.
      await engine.createPlan({ ...change.plan, charges: change.plan.charges.map(withMetric) });
      return;
    case 'rename_plan': {
      const { code, name, invoice_display_name } = change.plan;
      await engine.updatePlan(code, { name, invoice_display_name });
      return;
    }
    case 'add_charge':
      await engine.createCharge(change.plan, withMetric(change.charge));
      return;
    case 'create_endpoint':
      await engine.createEndpoint(change.endpoint);
      return;
    case 'update_endpoint':
      await engine.updateEndpoint(change.id, change.endpoint);
  }
}

function describeChange(change: Change): string {
  switch (change.kind) {
    case 'create_metric':
      return `+ metric ${change.metric.code}`;
    case 'rename_metric':
      return `~ metric ${change.metric.code}: name`;
    case 'create_plan':
      return `+ price ${change.plan.code}: ${change.plan.amount_cents} ${change.plan.amount_currency}`;
    case 'rename_plan':
      return `~ price ${change.plan.code}: name`;
    case 'add_charge':
      return `+ charge ${change.charge.code} on ${change.plan}`;
    case 'create_endpoint':
      return `+ webhook endpoint ${change.endpoint.webhook_url}`;
    case 'update_endpoint':
      return `~ webhook endpoint ${change.endpoint.webhook_url}`;
  }
}
