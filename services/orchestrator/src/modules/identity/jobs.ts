import { withTenant } from '#core/context.ts';
import { type JobHandler, type Schedule, defineSchedule, on } from '#core/jobs/define.ts';
import { tenantCreated } from './schemas.ts';
import { forgetEndedSessions } from './sessions/service.ts';
import { welcomeOwners } from './tenants/service.ts';

export const identityHandlers: JobHandler[] = [
  on(tenantCreated, (ctx, { tenantId }) => welcomeOwners(withTenant(ctx, tenantId)), { as: 'welcome' }),
];

export const identitySchedules: Schedule[] = [
  defineSchedule({ name: 'identity.forget_ended_sessions', everyMs: () => 3600_000, run: forgetEndedSessions }),
];
