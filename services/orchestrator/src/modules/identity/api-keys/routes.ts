import { Forbidden, NotFound } from '#core/errors.ts';
import { pageOf, pageQuery } from '#core/http/pagination.ts';
import { type Route, route } from '#core/http/route.ts';
import { ApiKey, ApiKeyParams, ApiKeyWithSecret, CreateApiKey } from './schemas.ts';
import { ApiKeyLimitReached, createApiKey, listApiKeys, revokeApiKey } from './service.ts';

const tag = 'API keys';

export const apiKeyRoutes: Route[] = [
  route({
    method: 'post',
    path: '/v1/api-keys',
    access: 'tenant',
    scope: 'api_keys:write',
    tag,
    summary: 'Create an API key',
    description: 'It can do what you can do, or less.',
    body: CreateApiKey,
    response: { status: 201, schema: ApiKeyWithSecret },
    errors: [ApiKeyLimitReached, Forbidden],
    handle: (ctx, { body }) => createApiKey(ctx, body),
  }),
  route({
    method: 'get',
    path: '/v1/api-keys',
    access: 'tenant',
    scope: 'api_keys:read',
    tag,
    summary: 'List API keys',
    query: pageQuery,
    response: { status: 200, schema: pageOf(ApiKey) },
    handle: (ctx, { query }) => listApiKeys(ctx, query),
  }),
  route({
    method: 'delete',
    path: '/v1/api-keys/:apiKeyId',
    access: 'tenant',
    scope: 'api_keys:write',
    tag,
    summary: 'Revoke an API key',
    description: 'It stops working at once.',
    params: ApiKeyParams,
    response: { status: 204 },
    errors: [NotFound],
    handle: (ctx, { params }) => revokeApiKey(ctx, params.apiKeyId),
  }),
];
