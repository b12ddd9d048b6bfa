import { NotFound } from '#core/errors.ts';
import { pageOf, pageQuery } from '#core/http/pagination.ts';
import { type Route, route } from '#core/http/route.ts';
import { CreateLlmKey, LlmKey, LlmKeyParams, LlmKeyWithSecret } from './schemas.ts';
import { LlmKeyLimitReached, createLlmKey, listLlmKeys, revokeLlmKey } from './service.ts';

const tag = 'LLM gateway';

export const llmKeyRoutes: Route[] = [
  route({
    method: 'post',
    path: '/v1/llm/keys',
    access: 'tenant',
    scope: 'llm:write',
    tag,
    summary: 'Create a key of the LLM gateway',
    description: 'OpenAI clients send it to the gateway as their API key.',
    body: CreateLlmKey,
    response: { status: 201, schema: LlmKeyWithSecret },
    errors: [LlmKeyLimitReached],
    handle: (ctx, { body }) => createLlmKey(ctx, body),
  }),
  route({
    method: 'get',
    path: '/v1/llm/keys',
    access: 'tenant',
    scope: 'llm:read',
    tag,
    summary: 'List keys of the LLM gateway',
    query: pageQuery,
    response: { status: 200, schema: pageOf(LlmKey) },
    handle: (ctx, { query }) => listLlmKeys(ctx, query),
  }),
  route({
    method: 'delete',
    path: '/v1/llm/keys/:llmKeyId',
    access: 'tenant',
    scope: 'llm:write',
    tag,
    summary: 'Revoke a key of the LLM gateway',
    description: 'It stops working within a second, everywhere.',
    params: LlmKeyParams,
    response: { status: 204 },
    errors: [NotFound],
    handle: (ctx, { params }) => revokeLlmKey(ctx, params.llmKeyId),
  }),
];
