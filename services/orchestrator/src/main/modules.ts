import type { Context } from '#core/context.ts';
import type { Gatekeeper } from '#core/http/gatekeeper.ts';
import type { Route } from '#core/http/route.ts';
import type { JobHandler, Schedule } from '#core/jobs/define.ts';
import type { LiveListener } from '#core/live/listen.ts';
import { operationsHandler } from '#core/operations/advance.ts';
import type { AnyOperation } from '#core/operations/define.ts';
import { operationRoutes } from '#core/operations/routes.ts';
import { sweepOperations } from '#core/operations/sweep.ts';
import { auditRoutes } from '#modules/audit/routes.ts';
import { gatekeeper } from '#modules/identity/gatekeeper.ts';
import { identityHandlers, identitySchedules } from '#modules/identity/jobs.ts';
import { identityRoutes } from '#modules/identity/routes.ts';
import { mailHandlers } from '#modules/mail/jobs.ts';
import { siteHandlers } from '#modules/sites/jobs.ts';
import { siteOperations } from '#modules/sites/operations.ts';
import { siteRoutes } from '#modules/sites/routes.ts';

/** Every kind of operation there is. */
export const operations: readonly AnyOperation[] = [...siteOperations];

/** Every route of the API. */
export function allRoutes(live: LiveListener): Route[] {
  return [...identityRoutes, ...auditRoutes, ...siteRoutes, ...operationRoutes(operations, live)];
}

/** Everything a worker does. */
export const jobHandlers: readonly JobHandler[] = [
  operationsHandler(operations),
  ...mailHandlers,
  ...identityHandlers,
  ...siteHandlers,
];

export const schedules: readonly Schedule[] = [sweepOperations, ...identitySchedules];

export function createGatekeeper(_app: Context): Gatekeeper {
  return gatekeeper;
}
