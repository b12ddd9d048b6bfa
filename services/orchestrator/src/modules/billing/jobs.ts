import type { JobHandler, Schedule } from '#core/jobs/define.ts';
import { cardHandlers } from './cards/jobs.ts';
import { checkoutHandlers } from './checkout/jobs.ts';
import { reconcileHandlers, reconcileSchedules } from './reconcile/jobs.ts';
import { refundHandlers } from './refunds/jobs.ts';
import { changeHandlers, changeSchedules } from './subscriptions/changes/jobs.ts';
import { subscriptionHandlers } from './subscriptions/jobs.ts';
import { usageSchedules } from './usage/jobs.ts';
import { webhookHandlers } from './webhooks/jobs.ts';

export const billingHandlers: JobHandler[] = [
  ...subscriptionHandlers,
  ...changeHandlers,
  ...checkoutHandlers,
  ...cardHandlers,
  ...refundHandlers,
  ...webhookHandlers,
  ...reconcileHandlers,
];
export const billingSchedules: Schedule[] = [...reconcileSchedules, ...changeSchedules, ...usageSchedules];
