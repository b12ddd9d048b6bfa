import type { JobHandler, Schedule } from '#core/jobs/define.ts';
import { grantSchedules } from './grants/jobs.ts';
import { revenueHandlers } from './revenue/jobs.ts';

export const adminHandlers: JobHandler[] = [...revenueHandlers];
export const adminSchedules: Schedule[] = [...grantSchedules];
