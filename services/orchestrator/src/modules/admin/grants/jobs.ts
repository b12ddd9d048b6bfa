import { type Schedule, defineSchedule } from '#core/jobs/define.ts';
import { endDueGrants } from './service.ts';

const MINUTE_MS = 60_000;

export const grantSchedules: Schedule[] = [
  defineSchedule({ name: 'admin.end_due_grants', everyMs: () => MINUTE_MS, run: endDueGrants }),
];
