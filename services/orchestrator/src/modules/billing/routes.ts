import type { Route } from '#core/http/route.ts';
import { cardRoutes } from './cards/routes.ts';
import { checkoutRoutes } from './checkout/routes.ts';
import { invoiceRoutes } from './invoices/routes.ts';
import { changeRoutes } from './subscriptions/changes/routes.ts';
import { subscriptionRoutes } from './subscriptions/routes.ts';
import { webhookRoutes } from './webhooks/routes.ts';

export const billingRoutes: Route[] = [
  ...subscriptionRoutes,
  ...changeRoutes,
  ...invoiceRoutes,
  ...checkoutRoutes,
  ...cardRoutes,
  ...webhookRoutes,
];
