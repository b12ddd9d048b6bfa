import type { Route } from '#core/http/route.ts';
import { llmBudgetRoutes } from './budgets/routes.ts';
import { llmKeyRoutes } from './keys/routes.ts';
import { llmRoutingRoutes } from './routing/routes.ts';
import { llmUsageRoutes } from './usage/report/routes.ts';

export const llmRoutes: Route[] = [...llmKeyRoutes, ...llmBudgetRoutes, ...llmRoutingRoutes, ...llmUsageRoutes];
