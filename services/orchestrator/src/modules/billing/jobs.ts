import type { JobHandler, Schedule } from '#core/jobs/define.ts';
import { checkoutHandlers } from './checkout/jobs.ts';
import { reconcileHandlers, reconcileSchedules } from './reconcile/jobs.ts';
import { subscriptionHandlers } from './subscriptions/jobs.ts';
import { usageSchedules } from './usage/jobs.ts';
import { webhookHandlers } from './webhooks/jobs.ts';

export const billingHandlers: JobHandler[] = [
  ...subscriptionHandlers,
  ...checkoutHandlers,
  ...webhookHandlers,
  ...reconcileHandlers,
];
export const billingSchedules: Schedule[] = [...reconcileSchedules, ...usageSchedules];
