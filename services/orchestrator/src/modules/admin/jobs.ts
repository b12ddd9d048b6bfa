import type { JobHandler } from '#core/jobs/define.ts';
import { revenueHandlers } from './revenue/jobs.ts';

export const adminHandlers: JobHandler[] = [...revenueHandlers];
