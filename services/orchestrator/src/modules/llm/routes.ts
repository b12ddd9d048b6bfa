import type { Route } from '#core/http/route.ts';
import { llmKeyRoutes } from './keys/routes.ts';
import { llmUsageRoutes } from './usage/routes.ts';

export const llmRoutes: Route[] = [...llmKeyRoutes, ...llmUsageRoutes];
