import type { MatrixEntry } from '../support/matrix.ts';

export const entries: MatrixEntry[] = [
  { route: 'get /v1/plans', happy: () => ({}), badInput: { none: 'takes no input' } },
  { route: 'get /v1/entitlements', happy: () => ({}), badInput: { none: 'takes no input' } },
];
