/** What the real command would print before it leaves with exit code 1. */
export class BenchError extends Error {}
