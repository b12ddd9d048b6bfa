import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
  type AsyncRouteComponent,
} from '@tanstack/react-router';
import type { ComponentType } from 'react';
import { currentTenantId } from '#api/current-tenant.ts';
import { meQuery, settleTenant } from '#features/identity/api/me.ts';
import { ErrorPage } from './pages/error.tsx';
import { NotFoundPage } from './pages/not-found.tsx';
import { PendingPage } from './pages/pending.tsx';
import { Shell } from './layout/shell.tsx';
import { localPath, text } from './search.ts';
import { settleLocale } from './settle-locale.ts';

/** The stated type breaks a circle: pages ask the router for the types of their parameters. */
function lazyPage<Module>(load: () => Promise<Module>, name: keyof Module & string): AsyncRouteComponent<object> {
  return lazyRouteComponent(load as () => Promise<Record<string, ComponentType>>, name);
}

interface RouterContext {
  queryClient: QueryClient;
}

const root = createRootRouteWithContext<RouterContext>()({
  component: Outlet,
  notFoundComponent: NotFoundPage,
});

const landing = createRoute({
  getParentRoute: () => root,
  path: '/',
  validateSearch: (search: Record<string, unknown>) => text('returnTo', search.returnTo),
  beforeLoad: async ({ context, search }) => {
    const me = await context.queryClient.ensureQueryData(meQuery);
    // Looked at here, where it is used: the router hands on parameters that a route's validation has left out.
    if (me) redirect({ href: localPath(search.returnTo) ?? '/overview', replace: true, throw: true });
  },
  component: lazyPage(() => import('./pages/landing.tsx'), 'LandingPage'),
});

/** Everything below needs a session; without one, the sign-in page remembers the way back. */
const signedIn = createRoute({
  getParentRoute: () => root,
  id: 'signed-in',
  beforeLoad: async ({ context, location }) => {
    const me = await context.queryClient.ensureQueryData(meQuery);
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- a redirect is the router's, and only a throw narrows `me`
    if (!me) throw redirect({ to: '/', search: { returnTo: location.href } });
    settleTenant(me, currentTenantId());
    await settleLocale(context.queryClient, me);
  },
});

const onboarding = createRoute({
  getParentRoute: () => signedIn,
  path: '/onboarding',
  validateSearch: (search: Record<string, unknown>) => ({
    ...text('step', search.step),
    ...text('subscription', search.subscription),
  }),
  component: lazyPage(() => import('./pages/onboarding.tsx'), 'OnboardingPage'),
});

const invite = createRoute({
  getParentRoute: () => signedIn,
  path: '/invite',
  validateSearch: (search: Record<string, unknown>) => text('token', search.token),
  component: lazyPage(() => import('./pages/invite.tsx'), 'InvitePage'),
});

/** Pages about a tenant: who has none yet makes one first. */
const shell = createRoute({
  getParentRoute: () => signedIn,
  id: 'shell',
  beforeLoad: () => {
    if (currentTenantId() === null) redirect({ to: '/onboarding', throw: true });
  },
  component: Shell,
});

const overview = createRoute({
  getParentRoute: () => shell,
  path: '/overview',
  component: lazyPage(() => import('./pages/overview.tsx'), 'OverviewPage'),
});

const sites = createRoute({
  getParentRoute: () => shell,
  path: '/sites',
  component: lazyPage(() => import('./pages/sites.tsx'), 'SitesPage'),
});

const site = createRoute({
  getParentRoute: () => shell,
  path: '/sites/$siteId',
  component: lazyPage(() => import('./pages/site.tsx'), 'SitePage'),
});

const llm = createRoute({
  getParentRoute: () => shell,
  path: '/llm',
  component: lazyPage(() => import('./pages/llm.tsx'), 'LlmPage'),
});

const plans = createRoute({
  getParentRoute: () => shell,
  path: '/plans',
  component: lazyPage(() => import('./pages/plans.tsx'), 'PlansPage'),
});

const billing = createRoute({
  getParentRoute: () => shell,
  path: '/billing',
  component: lazyPage(() => import('./pages/billing.tsx'), 'BillingPage'),
});

const billingReturn = createRoute({
  getParentRoute: () => shell,
  path: '/billing/return',
  validateSearch: (search: Record<string, unknown>) => ({
    ...text('invoice', search.invoice),
    ...text('result', search.result),
  }),
  component: lazyPage(() => import('./pages/billing-return.tsx'), 'BillingReturnPage'),
});

const members = createRoute({
  getParentRoute: () => shell,
  path: '/members',
  component: lazyPage(() => import('./pages/members.tsx'), 'MembersPage'),
});

const apiKeys = createRoute({
  getParentRoute: () => shell,
  path: '/api-keys',
  component: lazyPage(() => import('./pages/api-keys.tsx'), 'ApiKeysPage'),
});

const audit = createRoute({
  getParentRoute: () => shell,
  path: '/audit',
  component: lazyPage(() => import('./pages/audit.tsx'), 'AuditPage'),
});

const settings = createRoute({
  getParentRoute: () => shell,
  path: '/settings',
  component: lazyPage(() => import('./pages/settings.tsx'), 'SettingsPage'),
});

const pages = [overview, sites, site, llm, plans, billing, billingReturn, members, apiKeys, audit, settings] as const;
const shellTree = shell.addChildren(pages);
const signedInTree = signedIn.addChildren([onboarding, invite, shellTree]);
const routeTree = root.addChildren([landing, signedInTree]);

export function createAppRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree,
    context: { queryClient },
    defaultPreload: 'intent',
    defaultPendingMs: 300,
    defaultPendingComponent: PendingPage,
    defaultErrorComponent: ErrorPage,
    defaultNotFoundComponent: NotFoundPage,
    scrollRestoration: true,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
