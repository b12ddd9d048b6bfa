import type { Route } from '#core/http/route.ts';
import { adminLlmRoutes } from './llm/routes.ts';
import { revenueRoutes } from './revenue/routes.ts';
import { statusRoutes } from './status/routes.ts';
import { adminWebhookRoutes } from './webhooks/routes.ts';

export const adminRoutes: Route[] = [...statusRoutes, ...adminLlmRoutes, ...revenueRoutes, ...adminWebhookRoutes];
