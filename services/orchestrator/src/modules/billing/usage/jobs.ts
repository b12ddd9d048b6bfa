import { type Schedule, defineSchedule } from '#core/jobs/define.ts';
import { flushUsage } from './flush.ts';

export const usageSchedules: Schedule[] = [
  defineSchedule({ name: 'billing.flush_usage', everyMs: (ctx) => ctx.config.USAGE_FLUSH_MS, run: flushUsage }),
];
