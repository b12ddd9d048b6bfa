import type { Route } from '#core/http/route.ts';
import { apiKeyRoutes } from './api-keys/routes.ts';
import { memberRoutes } from './members/routes.ts';
import { tenantRoutes } from './tenants/routes.ts';
import { userRoutes } from './users/routes.ts';

export const identityRoutes: Route[] = [...userRoutes, ...tenantRoutes, ...memberRoutes, ...apiKeyRoutes];
