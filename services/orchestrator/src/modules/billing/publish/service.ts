import type { Context } from '#core/context.ts';
import { catalogue, orphanedPlans } from '#modules/catalogue/service.ts';
import { lago } from '../providers/lago/lago.ts';
import { desiredMetrics, desiredPlans } from './desired.ts';
import { type Change, type Difference, type Published, compare } from './diff.ts';

const ENDPOINT_NAME = 'bastide';

/** What differs between the catalogue and Lago; changes nothing. */
export async function planCatalogue(ctx: Context): Promise<Difference> {
  const sold = catalogue(ctx);
  const { LAGO_WEBHOOK_URL: url, PUBLIC_URL: publicUrl } = ctx.config;
  const difference = compare(await readPublished(ctx), {
    metrics: desiredMetrics(sold),
    plans: desiredPlans(sold),
    endpoint: { webhook_url: url ?? `${publicUrl}/webhooks/lago`, signature_algo: 'hmac', name: ENDPOINT_NAME },
  });
  const orphans = (await orphanedPlans(ctx)).map(
    (code) =>
      `price ${code}: tenants have it and the catalogue does not describe its plan; put it back with hidden: true`,
  );
  return { ...difference, refusals: [...difference.refusals, ...orphans] };
}

/**
 * Makes Lago say what the catalogue says. Does nothing at all while something is refused; killed half-way, the next run
 * does the rest, for each change is complete in itself.
 */
export async function applyCatalogue(ctx: Context, onChange: (change: Change) => void): Promise<Difference> {
  const difference = await planCatalogue(ctx);
  if (difference.refusals.length > 0) return difference;
  const metricIds = new Map((await lago(ctx).metrics()).map((metric) => [metric.code, metric.lago_id]));
  for (const change of difference.changes) {
    await carryOut(ctx, change, metricIds);
    onChange(change);
  }
  return planCatalogue(ctx);
}

async function readPublished(ctx: Context): Promise<Published> {
  const engine = lago(ctx);
  return {
    metrics: await engine.metrics(),
    plans: await engine.plans(),
    endpoints: await engine.endpoints(),
  };
}

async function carryOut(ctx: Context, change: Change, metricIds: Map<string, string>): Promise<void> {
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

export function describeChange(change: Change): string {
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
