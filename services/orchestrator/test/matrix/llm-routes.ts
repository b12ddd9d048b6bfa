import { llmRoutes } from '#modules/llm/routing/queries.ts';
import { shippedRoutes } from '#modules/llm/routing/revisions.ts';
import type { MatrixEntry, MatrixRequest, MatrixWorld } from '#test/support/matrix.ts';

const edit = async ({ ctx }: MatrixWorld) => ({ version: await llmRoutes(ctx.db).newestVersion() });
const withoutTiers = ({ body }: MatrixRequest): MatrixRequest => ({
  body: { ...(body as object), document: { ...shippedRoutes(), tiers: {} } },
});

export const entries: MatrixEntry[] = [
  {
    route: 'get /v1/admin/llm/routes',
    happy: () => ({}),
    badInput: { none: 'takes no input' },
  },
  {
    route: 'put /v1/admin/llm/routes',
    happy: async (world) => ({ body: { ...(await edit(world)), document: shippedRoutes(), comment: 'as shipped' } }),
    badInput: { path: 'body.document.tiers.free', change: withoutTiers },
  },
  {
    route: 'post /v1/admin/llm/routes/check',
    happy: () => ({ body: { document: shippedRoutes() } }),
    badInput: { path: 'body.document.tiers.free', change: withoutTiers },
  },
  {
    route: 'get /v1/admin/llm/routes/revisions',
    happy: () => ({ query: { limit: '5' } }),
    badInput: { path: 'query.limit', change: () => ({ query: { limit: '0' } }) },
  },
  {
    route: 'get /v1/admin/llm/routes/revisions/:version',
    happy: () => ({ params: { version: '0' } }),
    badInput: { path: 'params.version', change: () => ({ params: { version: 'newest' } }) },
  },
  {
    route: 'post /v1/admin/llm/routes/revert',
    happy: async (world) => ({ body: { ...(await edit(world)), to: 0 } }),
    badInput: { path: 'body.to', change: ({ body }) => ({ body: { ...(body as object), to: -1 } }) },
  },
];
