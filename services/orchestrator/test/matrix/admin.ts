import type { MatrixEntry } from '#test/support/matrix.ts';

export const entries: MatrixEntry[] = [
  { route: 'get /admin/dashboard', happy: () => ({}), badInput: { none: 'takes no input' } },
  {
    route: 'get /v1/admin/llm/usage',
    happy: () => ({ query: { from: '2026-01-01', to: '2026-01-31', groupBy: 'user', limit: '5' } }),
    badInput: { path: 'query.from', change: () => ({ query: { from: '2026-02-01', to: '2026-01-31' } }) },
  },
  {
    route: 'get /v1/admin/llm/usage.csv',
    happy: () => ({ query: { from: '2026-01-01', to: '2026-01-31' } }),
    badInput: { path: 'query.tenantId', change: () => ({ query: { tenantId: 'usr_1' } }) },
  },
  {
    route: 'get /v1/admin/llm/abusive-users',
    happy: () => ({ query: { day: '2026-01-31' } }),
    badInput: { path: 'query.day', change: () => ({ query: { day: 'yesterday' } }) },
  },
];
