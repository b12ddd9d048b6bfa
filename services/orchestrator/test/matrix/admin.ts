import type { MatrixEntry } from '#test/support/matrix.ts';

export const entries: MatrixEntry[] = [];
