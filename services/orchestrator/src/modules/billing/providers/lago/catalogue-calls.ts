import { z } from 'zod';
import type { LagoHttp } from './client.ts';
import { LagoCharge, LagoEndpoint, LagoMetric, LagoPlan } from './shapes.ts';

const anything = z.unknown();
const segment = encodeURIComponent;

/** What is sold, and where webhooks go. */
export const catalogueCalls = (http: LagoHttp) => ({
  metrics: () => http.all(LagoMetric, 'billable_metrics', '/billable_metrics'),
  createMetric: async (metric: object) => {
    const schema = z.object({ billable_metric: LagoMetric });
    const body = { billable_metric: metric };
    return (await http.call(schema, 'POST', '/billable_metrics', { body })).billable_metric;
  },
  updateMetric: (code: string, metric: { name: string }) =>
    http.call(anything, 'PUT', `/billable_metrics/${segment(code)}`, { body: { billable_metric: metric } }),
  readPlan: async (code: string) =>
    (await http.call(z.object({ plan: LagoPlan }), 'GET', `/plans/${segment(code)}`)).plan,
  plans: () => http.all(LagoPlan, 'plans', '/plans'),
  createPlan: (plan: object) => http.call(anything, 'POST', '/plans', { body: { plan } }),
  /** Never with `charges`: a PUT that carries them deletes those it does not list. */
  updatePlan: (code: string, plan: { name: string; invoice_display_name: string }) =>
    http.call(anything, 'PUT', `/plans/${segment(code)}`, { body: { plan } }),
  createCharge: (planCode: string, charge: object) =>
    http.call(z.object({ charge: LagoCharge }), 'POST', `/plans/${segment(planCode)}/charges`, { body: { charge } }),
  endpoints: () => http.all(LagoEndpoint, 'webhook_endpoints', '/webhook_endpoints'),
  createEndpoint: (endpoint: object) =>
    http.call(anything, 'POST', '/webhook_endpoints', { body: { webhook_endpoint: endpoint } }),
  updateEndpoint: (id: string, endpoint: object) =>
    http.call(anything, 'PUT', `/webhook_endpoints/${segment(id)}`, { body: { webhook_endpoint: endpoint } }),
});
