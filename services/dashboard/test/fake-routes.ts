import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  addSite,
  addSubscription,
  addTenant,
  advance,
  llmKey,
  minutesAgo,
  nextId,
  payInvoice,
  type World,
} from './fake-world.ts';

export interface Answer {
  status?: number;
  json?: unknown;
  location?: string;
  cookie?: string;
}

interface Call {
  world: World;
  params: Record<string, string>;
  body: Record<string, unknown>;
  address: URL;
  response: ServerResponse;
}

export interface Route {
  method: string;
  path: string;
  /** Nothing when the route has written the response itself. */
  answer: (call: Call) => Answer | undefined | Promise<Answer | undefined>;
}

const TICK_MS = 250;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const page = (items: unknown[]): Answer => ({ json: { items, nextCursor: null } });
const problem = (status: number, code: string, message: string, details?: unknown): Answer => ({
  status,
  json: { error: { code, message, ...(details === undefined ? {} : { details }), requestId: 'req_01JD9Z7Q4M' } },
});

/** 401 without a session, before anything else. */
function route(method: string, path: string, answer: Route['answer']): Route {
  return {
    method,
    path,
    answer: (call) => (call.world.isSignedIn ? answer(call) : problem(401, 'auth.required', 'Sign in first.')),
  };
}

const list = (path: string, items: (world: World) => unknown[]) =>
  route('GET', path, ({ world }) => page(items(world)));
const get = (path: string, items: (world: World) => { id: string }[], param: string) =>
  route('GET', path, ({ world, params }) => {
    const found = items(world).find(({ id }) => id === params[param]);
    return found ? { json: found } : problem(404, 'entity.not_found', 'There is nothing with this id.');
  });

export const routes: readonly Route[] = [
  {
    method: 'GET',
    path: '/auth/login',
    answer: ({ world, address }) => {
      world.isSignedIn = true;
      return { status: 302, location: address.searchParams.get('returnTo') ?? '/' };
    },
  },
  {
    method: 'POST',
    path: '/auth/logout',
    answer: ({ world }) => {
      world.isSignedIn = false;
      return { json: { redirectUrl: '/' } };
    },
  },
  { method: 'GET', path: '/v1/plans', answer: ({ world }) => ({ json: { items: world.plans } }) },
  route('GET', '/v1/me', ({ world }) => ({ json: world.me })),
  route('PATCH', '/v1/me', ({ world, body }) => {
    world.me.user.locale = body.locale === 'fr' ? 'fr' : 'en';
    return { json: world.me };
  }),
  route('POST', '/v1/tenants', ({ world, body }) => {
    if (body.slug === 'taken') return problem(409, 'tenant.slug_taken', 'This short name is taken.');
    if (text(body.slug).length < 3)
      return problem(400, 'request.invalid', 'The request is not valid.', {
        issues: [{ path: 'body.slug', message: 'must have at least 3 characters' }],
      });
    return { status: 201, json: addTenant(world, { name: text(body.name), slug: text(body.slug) }) };
  }),
  route('GET', '/v1/tenant', ({ world }) => ({ json: world.tenants[0] })),
  list('/v1/members', (world) => world.members),
  list('/v1/invitations', (world) => world.invitations),
  route('POST', '/v1/invitations', ({ world, body }) => {
    const invitation = {
      id: nextId(world, 'ivt'),
      email: text(body.email),
      role: 'editor' as const,
      createdAt: minutesAgo(0),
      expiresAt: minutesAgo(-7 * 24 * 60),
    };
    world.invitations.unshift(invitation);
    return { status: 201, json: invitation };
  }),
  list('/v1/api-keys', (world) => world.apiKeys),
  route('POST', '/v1/api-keys', ({ world, body }) => {
    const scopes = body.scopes as string[];
    if (scopes.length === 0)
      return problem(400, 'request.invalid', 'The request is not valid.', {
        issues: [{ path: 'body.scopes', message: 'must name at least one scope' }],
      });
    const key = {
      id: nextId(world, 'key'),
      name: text(body.name),
      prefix: 'bst_9fKq',
      scopes,
      createdAt: minutesAgo(0),
      expiresAt: null,
      lastUsedAt: null,
    };
    world.apiKeys.unshift(key);
    return { status: 201, json: { ...key, secret: 'bst_9fKqUe3vX1cRz7LmB0aYtWd5' } };
  }),
  route('DELETE', '/v1/api-keys/:id', ({ world, params }) => {
    world.apiKeys = world.apiKeys.filter(({ id }) => id !== params.id);
    return { status: 204 };
  }),
  list('/v1/audit-log', (world) => world.audit),
  route('GET', '/v1/entitlements', ({ world }) => ({ json: { entitlements: {}, limits: world.limits, sources: [] } })),
  list('/v1/subscriptions', (world) => world.subscriptions),
  route('POST', '/v1/subscriptions', ({ world, body }) => ({
    status: 201,
    json: addSubscription(world, text(body.priceCode)),
  })),
  list('/v1/invoices', (world) => world.invoices),
  get('/v1/invoices/:invoiceId', (world) => world.invoices, 'invoiceId'),
  route('GET', '/v1/invoices/:invoiceId/payment-providers', ({ world, params }) => {
    const isInDinars = world.invoices.find(({ id }) => id === params.invoiceId)?.currency === 'DZD';
    const byCard = { provider: 'stripe', keepsCard: true } as const;
    return { json: { items: isInDinars ? [byCard, { provider: 'chargily', keepsCard: false }] : [byCard] } };
  }),
  route('GET', '/v1/payment-method', ({ world }) => ({ json: { card: world.card, hasPortal: true } })),
  route('DELETE', '/v1/payment-method', ({ world }) => {
    world.card = null;
    return { status: 204 };
  }),
  route('POST', '/v1/payment-method/portal', () => ({ status: 201, json: { url: '/billing' } })),
  route('POST', '/v1/invoices/:invoiceId/checkout', ({ params }) => ({
    status: 201,
    json: { url: `/checkout/${params.invoiceId ?? ''}`, attemptId: 'pat_01', expiresAt: minutesAgo(-30) },
  })),
  route('GET', '/checkout/:invoiceId', ({ world, params }) => {
    const invoiceId = params.invoiceId ?? '';
    // The provider's webhook arrives after the customer is back.
    setTimeout(() => payInvoice(world, invoiceId), 1200);
    return { status: 302, location: `/billing/return?invoice=${invoiceId}` };
  }),
  list('/v1/sites', (world) => world.sites),
  get('/v1/sites/:siteId', (world) => world.sites, 'siteId'),
  route('POST', '/v1/sites/:siteId/sign-in-details', ({ world }) => ({
    json: { url: world.sites[0]?.url ?? '', username: 'Administrator', password: 'mossy-walnut-ferry-27' },
  })),
  route('POST', '/v1/sites', ({ world, body }) => ({ status: 201, json: addSite(world, text(body.name)) })),
  get('/v1/operations/:operationId', (world) => world.operations, 'operationId'),
  route('GET', '/v1/operations/:operationId/events', async ({ world, params, response }) => {
    const operation = world.operations.find(({ id }) => id === params.operationId);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    while (operation && !response.destroyed) {
      advance(world, operation);
      response.write(`event: operation\ndata: ${JSON.stringify(operation)}\n\n`);
      if (operation.state !== 'running') break;
      await sleep(TICK_MS);
    }
    response.end();
    return undefined;
  }),
  route('POST', '/v1/operations/:operationId/retry', ({ world, params }) => {
    const operation = world.operations.find(({ id }) => id === params.operationId);
    const step = operation?.steps.find(({ state }) => state === 'failed');
    if (!operation || !step) return problem(409, 'operation.not_failed', 'Only a failed operation can be tried again.');
    Object.assign(step, { state: 'pending', error: null, startedAt: null, endedAt: null });
    Object.assign(operation, { state: 'running', error: null });
    return { status: 202, json: operation };
  }),
  list('/v1/llm/keys', (world) => world.llmKeys),
  route('POST', '/v1/llm/keys', ({ world, body }) => {
    if (Array.isArray(body.models) && body.models.includes('wrong'))
      return problem(400, 'request.invalid', 'The request is not valid.', {
        issues: [{ path: 'body.models.0', message: 'must be at most 200 characters' }],
      });
    const key = llmKey(world, body);
    world.llmKeys.unshift(key);
    return { status: 201, json: { ...key, secret: 'sk-bst-4hTq8WnZ2kVxR6yLpD0s' } };
  }),
  route('PATCH', '/v1/llm/keys/:id', ({ world, params, body }) => {
    const key = world.llmKeys.find(({ id }) => id === params.id);
    return { json: key && Object.assign(key, body) };
  }),
  route('POST', '/v1/llm/keys/:id/rotate', ({ world, params, body }) => {
    const key = world.llmKeys.find(({ id }) => id === params.id);
    if (!key) return problem(404, 'entity.not_found', 'There is no such key.');
    const minutes = Number(body.overlapSeconds) / 60;
    key.oldSecrets = minutes > 0 ? [{ prefix: key.prefix, expiresAt: minutesAgo(-minutes) }] : [];
    key.prefix = 'sk-bst-9vR';
    return { status: 201, json: { ...key, secret: 'sk-bst-9vRm1XcJ7eUaK3zBqW5t' } };
  }),
  route('DELETE', '/v1/llm/keys/:id', ({ world, params }) => {
    world.llmKeys = world.llmKeys.filter(({ id }) => id !== params.id);
    return { status: 204 };
  }),
  route('GET', '/v1/llm/budget', ({ world }) => ({ json: world.llmBudget })),
  route('PUT', '/v1/llm/budget', ({ world, body }) => {
    const budget = body.budget as { nanoUsd: number; period: 'day' | 'month' } | null;
    const spent = 1_200_000_000;
    world.llmBudget.own = budget && {
      ...budget,
      spentNanoUsd: spent,
      remainingNanoUsd: Math.max(0, budget.nanoUsd - spent),
      resetsAt: minutesAgo(-1440),
    };
    return { json: world.llmBudget };
  }),
  route('GET', '/v1/llm/usage', ({ world }) => ({ json: world.usage })),
  route('GET', '/v1/llm/usage.csv', ({ response, address }) => {
    response.writeHead(200, { 'content-type': 'text/csv; charset=utf-8' });
    response.end(`value,by\r\n1,${address.searchParams.get('groupBy')}\r\n`);
    return undefined;
  }),
  {
    method: 'GET',
    path: '/gateway/v1/models',
    answer: () => ({ json: { data: [{ id: 'llama-3.3-70b' }, { id: 'qwen-3-32b' }] } }),
  },
  {
    method: 'POST',
    path: '/gateway/v1/chat/completions',
    answer: async ({ response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const word of 'A bastide is a new town of the Middle Ages, laid out on a plan.'.split(/(?<= )/)) {
        response.write(`data: ${JSON.stringify({ choices: [{ delta: { content: word } }] })}\n\n`);
        await sleep(20);
      }
      response.write(
        `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 12, completion_tokens: 17 } })}\n\n`,
      );
      response.end('data: [DONE]\n\n');
      return undefined;
    },
  },
];
