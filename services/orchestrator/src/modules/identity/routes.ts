import type { Route } from '#core/http/route.ts';
import { apiKeyRoutes } from './api-keys/routes.ts';
import { invitationRoutes } from './invitations/routes.ts';
import { memberRoutes } from './members/routes.ts';
import { oidcRoutes } from './oidc/routes.ts';
import { tenantRoutes } from './tenants/routes.ts';
import { userRoutes } from './users/routes.ts';

export const identityRoutes: Route[] = [
  ...oidcRoutes,
  ...userRoutes,
  ...tenantRoutes,
  ...memberRoutes,
  ...invitationRoutes,
  ...apiKeyRoutes,
];
