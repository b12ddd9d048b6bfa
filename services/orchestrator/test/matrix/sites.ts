import { randomBytes } from 'node:crypto';
import { withTenant } from '#core/context.ts';
import { newId } from '#core/ids.ts';
import { grant } from '#modules/catalogue/service.ts';
import { createSite } from '#modules/sites/service.ts';
import type { MatrixEntry, MatrixWorld } from '../support/matrix.ts';

const freshName = () => `m-${randomBytes(5).toString('hex')}`;

/** Room for as many sites as the entries make. */
async function entitled(world: MatrixWorld) {
  const ctx = withTenant(world.ctx, world.owner.tenantId);
  await grant(ctx, { source: 'sub_matrix_sites', planCode: 'enterprise-m-eur-v1' });
  return ctx;
}

async function site(world: MatrixWorld, status = 'requested') {
  const ctx = await entitled(world);
  const { id } = await createSite(ctx, { name: freshName(), apps: ['erpnext'] });
  await ctx.db('sites').where({ id }).update({ status });
  return { params: { siteId: id } };
}

const badId = { path: 'params.siteId', change: () => ({ params: { siteId: 'sit_1' } }) };
const badName = (name: string) => ({
  name: `the name ${JSON.stringify(name)}`,
  status: 400,
  code: 'request.invalid',
  request: (world: MatrixWorld) => Promise.resolve({ caller: world.owner, request: { body: { name } } }),
});

export const entries: MatrixEntry[] = [
  {
    route: 'post /v1/sites',
    happy: async (world) => {
      await entitled(world);
      return { body: { name: freshName(), apps: ['erpnext'] } };
    },
    badInput: { path: 'body.name', change: (happy) => ({ ...happy, body: { name: 'Not A Name' } }) },
    extra: [
      ...['www', 'xn--caf-dma', '-a-', 'ab', '../etc', 'a;rm -rf', 'café', 'a.b', 'a'.repeat(33)].map(badName),
      {
        name: 'a tenant without a plan is told which one it needs',
        status: 403,
        code: 'entitlement.limit_reached',
        request: (world) => Promise.resolve({ caller: world.stranger, request: { body: { name: freshName() } } }),
      },
      {
        name: 'a name that is taken',
        status: 409,
        code: 'site.name_taken',
        request: async (world) => {
          const name = freshName();
          await createSite(await entitled(world), { name });
          return { caller: world.owner, request: { body: { name } } };
        },
      },
    ],
  },
  {
    route: 'get /v1/sites',
    happy: () => ({ query: { limit: '5' } }),
    badInput: { path: 'query.limit', change: () => ({ query: { limit: '101' } }) },
  },
  { route: 'get /v1/sites/:siteId', happy: (world) => site(world), badInput: badId },
  {
    route: 'post /v1/sites/:siteId/sign-in-details',
    happy: (world) => site(world, 'active'),
    badInput: badId,
    extra: [
      {
        name: 'a site that is not in use yet',
        status: 409,
        code: 'site.not_ready',
        request: async (world) => ({ caller: world.owner, request: await site(world) }),
      },
      {
        name: 'a site that does not exist',
        status: 404,
        code: 'entity.not_found',
        request: (world) => Promise.resolve({ caller: world.owner, request: { params: { siteId: newId('site') } } }),
      },
    ],
  },
];
