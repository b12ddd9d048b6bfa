import type { Context } from '#core/context.ts';
import type { Gatekeeper } from '#core/http/gatekeeper.ts';
import type { Route } from '#core/http/route.ts';
import type { JobHandler, Schedule } from '#core/jobs/define.ts';
import { housekeeping } from '#core/jobs/housekeeping.ts';
import type { LiveListener } from '#core/live/listen.ts';
import type { WorkerLoop } from '#core/process/worker-loop.ts';
import { operationsHandler } from '#core/operations/advance.ts';
import type { AnyOperation } from '#core/operations/define.ts';
import { operationRoutes } from '#core/operations/routes.ts';
import { sweepOperations } from '#core/operations/sweep.ts';
import { figuresLoop } from '#modules/admin/figures/counter.ts';
import { adminHandlers, adminSchedules } from '#modules/admin/jobs.ts';
import { adminRoutes } from '#modules/admin/routes.ts';
import { auditRoutes } from '#modules/audit/routes.ts';
import { billingHandlers, billingSchedules } from '#modules/billing/jobs.ts';
import { billingRoutes } from '#modules/billing/routes.ts';
import { catalogueRoutes } from '#modules/catalogue/routes.ts';
import type { UsageMeters } from '#modules/catalogue/service.ts';
import { flagRoutes } from '#modules/flags/routes.ts';
import { generatorConfigRoutes } from '#modules/generators/config/routes.ts';
import { gatekeeper } from '#modules/identity/gatekeeper.ts';
import { identityHandlers, identitySchedules } from '#modules/identity/jobs.ts';
import { identityRoutes } from '#modules/identity/routes.ts';
import { llmHandlers, llmLoops } from '#modules/llm/jobs.ts';
import { llmRoutes } from '#modules/llm/routes.ts';
import { messagesToday } from '#modules/llm/usage/report/service.ts';
import { mailHandlers } from '#modules/mail/jobs.ts';
import { siteHandlers } from '#modules/sites/jobs.ts';
import { siteOperations } from '#modules/sites/operations.ts';
import { siteRoutes } from '#modules/sites/routes.ts';
import { countSites } from '#modules/sites/service.ts';

/** Every kind of operation there is. */
export const operations: readonly AnyOperation[] = [...siteOperations];

/** Who counts what the plans limit. */
const usageMeters: UsageMeters = {
  sites: countSites,
  llm_messages_per_day: messagesToday,
};

/** Every route of the API. */
export function allRoutes(live: LiveListener): Route[] {
  return [
    ...identityRoutes,
    ...auditRoutes,
    ...catalogueRoutes(usageMeters),
    ...billingRoutes,
    ...llmRoutes,
    ...siteRoutes,
    ...operationRoutes(operations, live),
    ...flagRoutes,
    ...generatorConfigRoutes,
    ...adminRoutes(usageMeters),
  ];
}

/** Everything a worker does. */
export const jobHandlers: readonly JobHandler[] = [
  operationsHandler(operations),
  ...mailHandlers,
  ...identityHandlers,
  ...billingHandlers,
  ...llmHandlers,
  ...siteHandlers,
  ...adminHandlers,
];

export const schedules: readonly Schedule[] = [
  housekeeping,
  sweepOperations,
  ...identitySchedules,
  ...billingSchedules,
  ...adminSchedules,
];

/** What a worker does besides jobs, all the time. */
export const workerLoops: readonly WorkerLoop[] = [...llmLoops, figuresLoop];

export function createGatekeeper(_app: Context): Gatekeeper {
  return gatekeeper;
}
