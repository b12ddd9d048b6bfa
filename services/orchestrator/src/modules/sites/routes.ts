import { z } from 'zod';
import { pageOf, pageQuery } from '#core/http/pagination.ts';
import { type Route, route } from '#core/http/route.ts';
import { idSchema } from '#core/ids.ts';
import { EntitlementLimitReached } from '#modules/catalogue/service.ts';
import { SiteNameTaken, SiteNotReady } from './errors.ts';
import { CreateSite, SignInDetails, Site } from './schemas.ts';
import { createSite, getSite, listSites, revealSignInDetails } from './service.ts';

const tag = 'Sites';
const params = z.object({ siteId: idSchema('site') });

export const siteRoutes: Route[] = [
  route({
    method: 'post',
    path: '/v1/sites',
    access: 'tenant',
    scope: 'sites:write',
    tag,
    summary: 'Create a site',
    description: 'Answers at once; the site is made in the background. Follow the operation for progress.',
    body: CreateSite,
    response: { status: 201, schema: Site },
    errors: [SiteNameTaken, EntitlementLimitReached],
    handle: (ctx, { body }) => createSite(ctx, body),
  }),
  route({
    method: 'get',
    path: '/v1/sites',
    access: 'tenant',
    scope: 'sites:read',
    tag,
    summary: 'List sites, newest first',
    query: pageQuery,
    response: { status: 200, schema: pageOf(Site) },
    handle: (ctx, { query }) => listSites(ctx, query),
  }),
  route({
    method: 'get',
    path: '/v1/sites/:siteId',
    access: 'tenant',
    scope: 'sites:read',
    tag,
    summary: 'Get a site',
    params,
    response: { status: 200, schema: Site },
    handle: (ctx, { params }) => getSite(ctx, params.siteId),
  }),
  route({
    method: 'post',
    path: '/v1/sites/:siteId/sign-in-details',
    access: 'tenant',
    scope: 'sites:write',
    tag,
    summary: 'Show how to sign in to a site for the first time',
    description: 'Shows the password of the site’s administrator; the audit log says who looked.',
    params,
    response: { status: 200, schema: SignInDetails },
    errors: [SiteNotReady],
    handle: (ctx, { params }) => revealSignInDetails(ctx, params.siteId),
  }),
];
