import { NotFound } from '#core/errors.ts';
import { type Route, route } from '#core/http/route.ts';
import {
  ReceivedWebhook,
  ReceivedWebhookPage,
  ReceivedWebhookWithBody,
  WebhookParams,
  WebhookQuery,
} from './schemas.ts';
import { getWebhook, listWebhooks, replayWebhook } from './service.ts';

const tag = 'Platform: webhooks';
const path = '/v1/admin/webhooks';

export const adminWebhookRoutes: Route[] = [
  route({
    method: 'get',
    path,
    access: 'platform',
    scope: 'platform_webhooks:read',
    tag,
    summary: 'List what billing and payments have told us, newest first',
    description: 'Kept for 90 days after it was handled.',
    query: WebhookQuery,
    response: { status: 200, schema: ReceivedWebhookPage },
    handle: (ctx, { query }) => listWebhooks(ctx, query),
  }),
  route({
    method: 'get',
    path: `${path}/:webhookId`,
    access: 'platform',
    scope: 'platform_webhooks:read',
    tag,
    summary: 'Get a webhook with its body',
    params: WebhookParams,
    response: { status: 200, schema: ReceivedWebhookWithBody },
    errors: [NotFound],
    handle: (ctx, { params }) => getWebhook(ctx, params.webhookId),
  }),
  route({
    method: 'post',
    path: `${path}/:webhookId/replay`,
    access: 'platform',
    scope: 'platform_webhooks:write',
    tag,
    summary: 'Handle a webhook again',
    description:
      'Soon, as if it had just come. What it speaks of is read from its sender as it is now, so doing it twice does no harm.',
    params: WebhookParams,
    response: { status: 202, schema: ReceivedWebhook },
    errors: [NotFound],
    handle: (ctx, { params }) => replayWebhook(ctx, params.webhookId),
  }),
];
