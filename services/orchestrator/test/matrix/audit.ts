import type { MatrixEntry } from '#test/support/matrix.ts';

export const entries: MatrixEntry[] = [
  {
    route: 'get /v1/audit-log',
    happy: () => ({ query: { limit: '5', action: 'tenant.create' } }),
    badInput: { path: 'query.limit', change: (happy) => ({ ...happy, query: { limit: '0' } }) },
  },
];
