import { type Route, route } from '#core/http/route.ts';
import { PlanNotFound } from '#modules/catalogue/service.ts';
import { NoUsableAnswer } from '../../providers/errors.ts';
import { Subscription, SubscriptionParams } from '../schemas.ts';
import {
  ChangeOpen,
  ChangeTooLate,
  NothingToResume,
  PlanNotInLine,
  SamePlan,
  SubscriptionIsDefault,
  SubscriptionNotRunning,
  SubscriptionUnpaid,
} from './errors.ts';
import { CancelSubscription, ChangePlan, ChangePreview } from './schemas.ts';
import { cancelSubscription, changePlan, previewChange, resumeSubscription } from './service.ts';

const tag = 'Subscriptions';
const common = { access: 'tenant', scope: 'billing:write', tag, params: SubscriptionParams } as const;
const unchangeable = [
  SubscriptionNotRunning,
  SubscriptionIsDefault,
  SubscriptionUnpaid,
  SamePlan,
  PlanNotInLine,
  PlanNotFound,
];

export const changeRoutes: Route[] = [
  route({
    ...common,
    method: 'get',
    path: '/v1/subscriptions/:subscriptionId/preview',
    scope: 'billing:read',
    summary: 'What a change of plan would charge',
    query: ChangePlan,
    response: { status: 200, schema: ChangePreview },
    errors: [...unchangeable, NoUsableAnswer],
    handle: (ctx, { params, query }) => previewChange(ctx, params.subscriptionId, query),
  }),
  route({
    ...common,
    method: 'post',
    path: '/v1/subscriptions/:subscriptionId/change',
    summary: 'Change to another plan',
    description:
      'To a plan of the same line and currency. One that is not cheaper by the year is billed at once for the rest of the period, and its rights come with the payment; unpaid, it is taken back after a while. A cheaper one follows when the running period is over. Asking for the same again changes nothing.',
    body: ChangePlan,
    response: { status: 202, schema: Subscription },
    errors: [...unchangeable, ChangeOpen],
    handle: (ctx, { params, body }) => changePlan(ctx, params.subscriptionId, body),
  }),
  route({
    ...common,
    method: 'post',
    path: '/v1/subscriptions/:subscriptionId/cancel',
    summary: 'Cancel, at the end of the period or now',
    description:
      'At the period’s end everything stays until what is paid is over. Now takes the rights at once and gives nothing back. An order that was never paid is taken back with its invoice, whichever is asked for.',
    body: CancelSubscription,
    response: { status: 202, schema: Subscription },
    errors: [SubscriptionNotRunning, SubscriptionIsDefault, ChangeOpen],
    handle: (ctx, { params, body }) => cancelSubscription(ctx, params.subscriptionId, body),
  }),
  route({
    ...common,
    method: 'post',
    path: '/v1/subscriptions/:subscriptionId/resume',
    summary: 'Take back what waits',
    description: 'A cancellation or a cheaper plan that waits for the period’s end, or an upgrade that is not paid.',
    response: { status: 202, schema: Subscription },
    errors: [NothingToResume, ChangeTooLate],
    handle: (ctx, { params }) => resumeSubscription(ctx, params.subscriptionId),
  }),
];
