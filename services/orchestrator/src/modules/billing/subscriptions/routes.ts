import { pageQuery } from '#core/http/pagination.ts';
import { type Route, route } from '#core/http/route.ts';
import { PlanNotFound } from '#modules/catalogue/service.ts';
import { CreateSubscription, Subscription, SubscriptionPage, SubscriptionParams } from './schemas.ts';
import { SubscriptionExists, getSubscription, listSubscriptions, retryOrder, subscribe } from './service.ts';

const tag = 'Subscriptions';

export const subscriptionRoutes: Route[] = [
  route({
    method: 'post',
    path: '/v1/subscriptions',
    access: 'tenant',
    scope: 'billing:write',
    tag,
    summary: 'Subscribe to a plan',
    description:
      'The invoice follows within seconds; rights come with its payment. One plan per line (each generator once): a paid one is not replaced, one that was never paid is.',
    body: CreateSubscription,
    response: { status: 201, schema: Subscription },
    errors: [PlanNotFound, SubscriptionExists],
    handle: (ctx, { body }) => subscribe(ctx, body),
  }),
  route({
    method: 'get',
    path: '/v1/subscriptions',
    access: 'tenant',
    scope: 'billing:read',
    tag,
    summary: 'List subscriptions, newest first',
    query: pageQuery,
    response: { status: 200, schema: SubscriptionPage },
    handle: (ctx, { query }) => listSubscriptions(ctx, query),
  }),
  route({
    method: 'get',
    path: '/v1/subscriptions/:subscriptionId',
    access: 'tenant',
    scope: 'billing:read',
    tag,
    summary: 'Get a subscription',
    params: SubscriptionParams,
    response: { status: 200, schema: Subscription },
    handle: (ctx, { params }) => getSubscription(ctx, params.subscriptionId),
  }),
  route({
    method: 'post',
    path: '/v1/subscriptions/:subscriptionId/retry',
    access: 'tenant',
    scope: 'billing:write',
    tag,
    summary: 'Try a pending order again now',
    description: 'Orders are tried again by themselves; this spares the wait after its `problem` was mended.',
    params: SubscriptionParams,
    response: { status: 202, schema: Subscription },
    handle: (ctx, { params }) => retryOrder(ctx, params.subscriptionId),
  }),
];
