import { type Route, route } from '#core/http/route.ts';
import { Revenue, RevenueByLine, RevenueQuery } from './schemas.ts';
import { exportRevenue, reportRevenue } from './service.ts';

const common = {
  method: 'get',
  access: 'platform',
  scope: 'platform_figures:read',
  tag: 'Platform: revenue',
} as const;

export const revenueRoutes: Route[] = [
  route({
    ...common,
    path: '/v1/admin/revenue',
    summary: 'What the business brings in, month by month',
    description:
      'MRR and ARR with what moved them, subscriptions, churn, what was paid and what was refused, by currency and by line. Months are UTC. A yearly price counts a twelfth per month. Amounts of MRR are rounded to whole minor units after adding up; ARR is exact.',
    query: RevenueQuery,
    response: { status: 200, schema: Revenue },
    handle: (ctx, { query }) => reportRevenue(ctx, query),
  }),
  route({
    ...common,
    path: '/v1/admin/revenue.csv',
    summary: 'What the business brings in, as a file',
    description: 'A line for each month, currency and line of products.',
    query: RevenueQuery,
    response: { status: 200, csv: RevenueByLine },
    handle: (ctx, { query }) => exportRevenue(ctx, query),
  }),
];
