import { z } from 'zod';
import { invalid, notFound } from './errors.ts';
import { paginate, read, type LagoRouter } from './http.ts';
import type { WebhookEndpoint } from './model.ts';
import { newId, now, type Organization } from './organization.ts';
import { presentEndpoint } from './present.ts';

const MAX_ENDPOINTS = 10;

const EndpointInput = z.strictObject({
  webhook_url: z.url({ protocol: /^https?$/, error: 'url_invalid' }),
  signature_algo: z.enum(['jwt', 'hmac']).nullable().optional(),
  name: z.string().nullable().optional(),
  event_types: z.array(z.string()).nullable().optional(),
});

export function endpointRoutes(router: LagoRouter, org: Organization): void {
  router.post('/webhook_endpoints', (call) => {
    const endpoint = create(org, read(call, 'webhook_endpoint', EndpointInput));
    call.body = { webhook_endpoint: presentEndpoint(org, endpoint) };
  });
  router.get('/webhook_endpoints', (call) => {
    call.body = paginate(call, 'webhook_endpoints', org.rows.endpoints, (row) => presentEndpoint(org, row));
  });
  router.get('/webhook_endpoints/:id', (call) => {
    call.body = { webhook_endpoint: presentEndpoint(org, endpointBy(org, call.params['id'])) };
  });
  router.put('/webhook_endpoints/:id', (call) => {
    const endpoint = endpointBy(org, call.params['id']);
    const change = read(call, 'webhook_endpoint', EndpointInput.partial());
    if (change.webhook_url) refuseTaken(org, change.webhook_url, endpoint);
    endpoint.url = change.webhook_url ?? endpoint.url;
    endpoint.signatureAlgo = change.signature_algo ?? endpoint.signatureAlgo;
    if (change.name !== undefined) endpoint.name = change.name;
    if (change.event_types !== undefined) endpoint.eventTypes = normalise(change.event_types);
    call.body = { webhook_endpoint: presentEndpoint(org, endpoint) };
  });
  router.delete('/webhook_endpoints/:id', (call) => {
    const endpoint = endpointBy(org, call.params['id']);
    org.rows.endpoints = org.rows.endpoints.filter((row) => row !== endpoint);
    call.body = { webhook_endpoint: presentEndpoint(org, endpoint) };
  });
  router.get('/webhooks/public_key', (call) => {
    call.type = 'text/plain';
    call.body = publicKey(org);
  });
  router.get('/webhooks/json_public_key', (call) => {
    call.body = { webhook: { public_key: publicKey(org) } };
  });
}

function create(org: Organization, input: z.output<typeof EndpointInput>): WebhookEndpoint {
  refuseTaken(org, input.webhook_url);
  if (org.rows.endpoints.length >= MAX_ENDPOINTS) throw invalid({ base: ['exceeded_limit'] });
  const endpoint: WebhookEndpoint = {
    id: newId(),
    url: input.webhook_url,
    signatureAlgo: input.signature_algo ?? 'jwt',
    name: input.name ?? null,
    eventTypes: normalise(input.event_types ?? null),
    createdAt: now(org),
  };
  org.rows.endpoints.push(endpoint);
  return endpoint;
}

function endpointBy(org: Organization, id: string | undefined): WebhookEndpoint {
  const endpoint = org.rows.endpoints.find((row) => row.id === id);
  if (!endpoint) throw notFound('webhook_endpoint');
  return endpoint;
}

function refuseTaken(org: Organization, url: string, except?: WebhookEndpoint): void {
  if (org.rows.endpoints.some((row) => row.url === url && row !== except)) {
    throw invalid({ webhook_url: ['value_already_exist'] });
  }
}

const normalise = (types: string[] | null): string[] | null => (types?.join() === '*' ? null : types);

/** base64 of the PEM, broken at 60 columns as Ruby's `Base64.encode64` does. */
function publicKey(org: Organization): string {
  const encoded = Buffer.from(org.webhooks.publicKeyPem()).toString('base64');
  return `${encoded.match(/.{1,60}/g)?.join('\n') ?? ''}\n`;
}
