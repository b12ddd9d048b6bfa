/** Every key of the gateway in Redis; `noeviction` is assumed, for an evicted counter would be a free day. */
export const redisNames = (prefix: string) => ({
  /** When this Redis began to count: later than the start of a day means that some of the day may be forgotten. */
  epoch: `${prefix}:llm:epoch`,
  version: (tenantId: string) => `${prefix}:llm:version:${tenantId}`,
  principal: (keyHash: string) => `${prefix}:llm:principal:${keyHash}`,
  /** Ids of the requests of the last minute. */
  minute: (tenantId: string) => `${prefix}:llm:minute:${tenantId}`,
  /** The number of the day is appended, so that nothing is ever reset. */
  messages: (tenantId: string) => `${prefix}:llm:messages:${tenantId}`,
  usage: `${prefix}:llm:usage`,
  unreadable: `${prefix}:llm:usage:unreadable`,
});
export type RedisNames = ReturnType<typeof redisNames>;
