import { NotFound } from '#core/errors.ts';
import { pageQuery } from '#core/http/pagination.ts';
import { type Route, route } from '#core/http/route.ts';
import { Flag, FlagChangePage, FlagList, FlagParams, FlagsOn, ReplaceFlag } from './schemas.ts';
import { FlagChanged, flagHistory, flagsOn, getFlag, listFlags, replaceFlag } from './service.ts';

const tag = 'Platform: feature flags';
const path = '/v1/admin/flags';

export const flagRoutes: Route[] = [
  route({
    method: 'get',
    path: '/v1/flags',
    access: 'tenant',
    scope: 'tenant:read',
    tag: 'Tenants',
    summary: 'List the features that are being rolled out and are on for the tenant',
    response: { status: 200, schema: FlagsOn },
    handle: (ctx) => flagsOn(ctx),
  }),
  route({
    method: 'get',
    path,
    access: 'platform',
    scope: 'platform_settings:read',
    tag,
    summary: 'List feature flags',
    response: { status: 200, schema: FlagList },
    handle: (ctx) => listFlags(ctx),
  }),
  route({
    method: 'get',
    path: `${path}/:flag`,
    access: 'platform',
    scope: 'platform_settings:read',
    tag,
    summary: 'Get a feature flag',
    params: FlagParams,
    response: { status: 200, schema: Flag },
    errors: [NotFound],
    handle: (ctx, { params }) => getFlag(ctx, params.flag),
  }),
  route({
    method: 'put',
    path: `${path}/:flag`,
    access: 'platform',
    scope: 'platform_settings:write',
    tag,
    summary: 'Make or replace a feature flag',
    description: 'In force at once. Every version is kept.',
    params: FlagParams,
    body: ReplaceFlag,
    response: { status: 200, schema: Flag },
    errors: [FlagChanged],
    handle: (ctx, { params, body }) => replaceFlag(ctx, params.flag, body),
  }),
  route({
    method: 'get',
    path: `${path}/:flag/history`,
    access: 'platform',
    scope: 'platform_settings:read',
    tag,
    summary: 'List the versions of a feature flag, newest first',
    params: FlagParams,
    query: pageQuery,
    response: { status: 200, schema: FlagChangePage },
    errors: [NotFound],
    handle: (ctx, { params, query }) => flagHistory(ctx, params.flag, query),
  }),
];
