import type { Route } from '#core/http/route.ts';
import type { UsageMeters } from '#modules/catalogue/service.ts';
import { customerRoutes } from './customers/routes.ts';
import { grantRoutes } from './grants/routes.ts';
import { adminLlmRoutes } from './llm/routes.ts';
import { adminPaymentRoutes } from './payments/routes.ts';
import { revenueRoutes } from './revenue/routes.ts';
import { statusRoutes } from './status/routes.ts';
import { adminWebhookRoutes } from './webhooks/routes.ts';

/** `meters` count what the modules below own, for a tenant's limits. */
export const adminRoutes = (meters: UsageMeters): Route[] => [
  ...statusRoutes,
  ...adminLlmRoutes,
  ...revenueRoutes,
  ...adminWebhookRoutes,
  ...customerRoutes(meters),
  ...grantRoutes,
  ...adminPaymentRoutes,
];
