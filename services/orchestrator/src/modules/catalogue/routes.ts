import { type Route, route } from '#core/http/route.ts';
import { EntitlementsView, PlanList } from './schemas.ts';
import { describeEntitlements, listPlans, type UsageMeters } from './service.ts';

/** `meters` count what the modules above own, for the bars beside the limits. */
export function catalogueRoutes(meters: UsageMeters): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/plans',
      access: 'public',
      tag: 'Catalogue',
      summary: 'What is sold',
      description: 'Plans in the order of the catalogue, with their prices and what they grant.',
      response: { status: 200, schema: PlanList },
      handle: (ctx) => Promise.resolve(listPlans(ctx)),
    }),
    route({
      method: 'get',
      path: '/v1/entitlements',
      access: 'tenant',
      scope: 'billing:read',
      tag: 'Catalogue',
      summary: 'What the tenant may do, how much of it is used, and where it comes from',
      response: { status: 200, schema: EntitlementsView },
      handle: (ctx) => describeEntitlements(ctx, meters),
    }),
  ];
}
