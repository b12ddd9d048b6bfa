import type { MatrixEntry, MatrixRequest, MatrixWorld } from '#test/support/matrix.ts';

const FLAG = { description: 'A new thing', rolloutPercent: 10, on: [], off: [] };
const GENERATOR = { isEnabled: true, dailyLimit: 100, shownPrices: null };

async function ofFlag({ ctx }: MatrixWorld): Promise<MatrixRequest> {
  const row = { flag: 'new-thing', description: 'A new thing', rollout_percent: 10, version: 1 };
  await ctx.db('flags').insert(row).onConflict('flag').ignore();
  return { params: { flag: 'new-thing' } };
}

async function newFlag({ ctx }: MatrixWorld): Promise<MatrixRequest> {
  for (const table of ['flags', 'flag_changes']) await ctx.db(table).delete();
  return { params: { flag: 'new-thing' }, body: { ...FLAG, version: 0 } };
}

async function unsetGenerator({ ctx }: MatrixWorld): Promise<MatrixRequest> {
  for (const table of ['generator_configs', 'generator_config_changes']) await ctx.db(table).delete();
  return { params: { code: 'cold-dm' }, body: { ...GENERATOR, version: 0 } };
}

const ofGenerator = (): MatrixRequest => ({ params: { code: 'cold-dm' } });
const badFlag = { path: 'params.flag', change: () => ({ params: { flag: 'New thing' } }) };
const badCode = { path: 'params.code', change: () => ({ params: { code: 'Cold DM' } }) };
const badPage = { path: 'query.limit', change: (happy: MatrixRequest) => ({ ...happy, query: { limit: '0' } }) };
const refused = (name: string, [status, code]: [number, string], request: MatrixRequest) => [
  { name, status, code, request: ({ admin }: MatrixWorld) => Promise.resolve({ caller: admin, request }) },
];
const missing = (request: MatrixRequest) => refused('what is not there', [404, 'entity.not_found'], request);

export const entries: MatrixEntry[] = [
  { route: 'get /v1/flags', happy: () => ({}), badInput: { none: 'takes no input' } },
  { route: 'get /v1/admin/flags', happy: () => ({}), badInput: { none: 'takes no input' } },
  {
    route: 'get /v1/admin/flags/:flag',
    happy: ofFlag,
    badInput: badFlag,
    extra: missing({ params: { flag: 'no-such' } }),
  },
  {
    route: 'put /v1/admin/flags/:flag',
    happy: newFlag,
    badInput: {
      path: 'body.rolloutPercent',
      change: (happy) => ({ ...happy, body: { ...(happy.body as object), rolloutPercent: 101 } }),
    },
    extra: refused('an edit of what was edited since', [409, 'flag.changed'], {
      params: { flag: 'no-such' },
      body: { ...FLAG, version: 7 },
    }),
  },
  {
    route: 'get /v1/admin/flags/:flag/history',
    happy: ofFlag,
    badInput: badPage,
    extra: missing({ params: { flag: 'no-such' } }),
  },
  { route: 'get /v1/admin/generators', happy: () => ({}), badInput: { none: 'takes no input' } },
  {
    route: 'get /v1/admin/generators/:code',
    happy: ofGenerator,
    badInput: badCode,
    extra: missing({ params: { code: 'no-such' } }),
  },
  {
    route: 'put /v1/admin/generators/:code',
    happy: unsetGenerator,
    badInput: {
      path: 'body.dailyLimit',
      change: (happy) => ({ ...happy, body: { ...(happy.body as object), dailyLimit: -1 } }),
    },
    extra: [
      ...missing({ params: { code: 'no-such' }, body: { ...GENERATOR, version: 0 } }),
      ...refused('an edit of what was edited since', [409, 'generator_config.changed'], {
        params: { code: 'carousel' },
        body: { ...GENERATOR, version: 7 },
      }),
    ],
  },
  {
    route: 'get /v1/admin/generators/:code/history',
    happy: ofGenerator,
    badInput: badPage,
    extra: missing({ params: { code: 'no-such' } }),
  },
];
