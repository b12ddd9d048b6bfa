import { z } from 'zod';
import { API_VERSION, newId, nowSeconds, type Account, type EndpointRow } from './account.ts';
import { missing } from './errors.ts';
import { boolean, listOf, metadata, pageParams, read, webUrl, type StripeRouter } from './http.ts';
import type { WebhookEndpoint } from './objects.ts';

const ListParams = z.strictObject({
  ...pageParams,
  type: z.string().optional(),
  types: z.array(z.string()).optional(),
  delivery_success: boolean.optional(),
});

const EndpointParams = z.strictObject({
  url: webUrl,
  enabled_events: z.array(z.string()).min(1),
  description: z.string().optional(),
  metadata: metadata.optional(),
  api_version: z.literal(API_VERSION).optional(),
});
const EndpointChange = EndpointParams.omit({ api_version: true }).extend({ disabled: boolean }).partial();

export function eventRoutes(router: StripeRouter, account: Account): void {
  router.get('/events', (call) => {
    const params = read(call, ListParams);
    const rows = account.rows.events
      .filter((event) => !params.type || matches(event.type, params.type))
      .filter((event) => !params.types || params.types.includes(event.type))
      .filter(
        (event) => params.delivery_success === undefined || (event.pending_webhooks === 0) === params.delivery_success,
      );
    call.body = listOf('/v1/events', rows, params);
  });
  router.get('/events/:id', (call) => {
    const event = account.rows.events.find((row) => row.id === call.params['id']);
    if (!event) throw missing('event', call.params['id'] ?? '');
    call.body = event;
  });
  router.post('/webhook_endpoints', (call) => {
    const { endpoint, secret } = addEndpoint(account, read(call, EndpointParams), newId('whsec'));
    // Only this answer carries the secret.
    call.body = { ...endpoint, secret };
  });
  router.get('/webhook_endpoints', (call) => {
    const rows = account.rows.endpoints.map(({ endpoint }) => endpoint);
    call.body = listOf('/v1/webhook_endpoints', rows, read(call, z.strictObject(pageParams)));
  });
  router.get('/webhook_endpoints/:id', (call) => {
    call.body = endpointBy(account, call.params['id']).endpoint;
  });
  router.post('/webhook_endpoints/:id', (call) => {
    const { endpoint } = endpointBy(account, call.params['id']);
    const { disabled, ...change } = read(call, EndpointChange);
    Object.assign(endpoint, change, disabled === undefined ? {} : { status: disabled ? 'disabled' : 'enabled' });
    call.body = endpoint;
  });
  router.delete('/webhook_endpoints/:id', (call) => {
    const row = endpointBy(account, call.params['id']);
    account.rows.endpoints = account.rows.endpoints.filter((one) => one !== row);
    call.body = { id: row.endpoint.id, object: 'webhook_endpoint', deleted: true };
  });
}

/** `checkout.session.*` stands for all of its kind. */
const matches = (type: string, pattern: string): boolean =>
  pattern.endsWith('.*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern;

export function addEndpoint(
  account: Account,
  params: { url: string; enabled_events: string[]; description?: string | undefined },
  secret: string,
): EndpointRow {
  const endpoint: WebhookEndpoint = {
    id: newId('we'),
    object: 'webhook_endpoint',
    created: nowSeconds(account),
    livemode: false,
    url: params.url,
    enabled_events: params.enabled_events,
    api_version: API_VERSION,
    status: 'enabled',
    description: params.description ?? null,
    metadata: {},
  };
  const row = { endpoint, secret };
  account.rows.endpoints.push(row);
  return row;
}

function endpointBy(account: Account, id: string | undefined): EndpointRow {
  const row = account.rows.endpoints.find(({ endpoint }) => endpoint.id === id);
  if (!row) throw missing('webhook endpoint', id ?? '');
  return row;
}
