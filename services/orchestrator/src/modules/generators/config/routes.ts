import { NotFound } from '#core/errors.ts';
import { pageQuery } from '#core/http/pagination.ts';
import { type Route, route } from '#core/http/route.ts';
import {
  GeneratorConfig,
  GeneratorConfigChangePage,
  GeneratorConfigList,
  GeneratorParams,
  ReplaceGeneratorConfig,
} from './schemas.ts';
import {
  GeneratorConfigChanged,
  generatorConfig,
  generatorConfigHistory,
  listGeneratorConfigs,
  replaceGeneratorConfig,
} from './service.ts';

const tag = 'Platform: generators';
const path = '/v1/admin/generators';

export const generatorConfigRoutes: Route[] = [
  route({
    method: 'get',
    path,
    access: 'platform',
    scope: 'platform_settings:read',
    tag,
    summary: 'List the generators and how they are set',
    response: { status: 200, schema: GeneratorConfigList },
    handle: (ctx) => listGeneratorConfigs(ctx),
  }),
  route({
    method: 'get',
    path: `${path}/:code`,
    access: 'platform',
    scope: 'platform_settings:read',
    tag,
    summary: 'Get how a generator is set',
    params: GeneratorParams,
    response: { status: 200, schema: GeneratorConfig },
    errors: [NotFound],
    handle: (ctx, { params }) => generatorConfig(ctx, params.code),
  }),
  route({
    method: 'put',
    path: `${path}/:code`,
    access: 'platform',
    scope: 'platform_settings:write',
    tag,
    summary: 'Set a generator',
    description: 'Every version is kept.',
    params: GeneratorParams,
    body: ReplaceGeneratorConfig,
    response: { status: 200, schema: GeneratorConfig },
    errors: [NotFound, GeneratorConfigChanged],
    handle: (ctx, { params, body }) => replaceGeneratorConfig(ctx, params.code, body),
  }),
  route({
    method: 'get',
    path: `${path}/:code/history`,
    access: 'platform',
    scope: 'platform_settings:read',
    tag,
    summary: 'List how a generator was set before, newest first',
    params: GeneratorParams,
    query: pageQuery,
    response: { status: 200, schema: GeneratorConfigChangePage },
    errors: [NotFound],
    handle: (ctx, { params, query }) => generatorConfigHistory(ctx, params.code, query),
  }),
];
