/** Keys of the breakers in Redis. They may be lost at any time: each process then knows what it has seen itself. */
export const breakerNames = (prefix: string) => ({
  /** Provider → what the processes agree on. */
  states: `${prefix}:llm:breakers`,
  changes: `${prefix}:llm:breakers:changes`,
  /** Held by the one request that finds out whether the provider is well again. */
  probe: (provider: string) => `${prefix}:llm:breakers:probe:${provider}`,
});
export type BreakerNames = ReturnType<typeof breakerNames>;
