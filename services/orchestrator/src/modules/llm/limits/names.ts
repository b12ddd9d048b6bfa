/** Every key of the gateway in Redis; `noeviction` is assumed, for an evicted counter would be a free day. */
export const redisNames = (prefix: string) => ({
  /** When this Redis began to count the days of a zone: a counter of an earlier time may be forgotten, not 0. */
  epoch: (zone: string) => `${prefix}:llm:epoch:${zone}`,
  /** The zone of the gateway that began last. */
  zone: `${prefix}:llm:zone`,
  version: (tenantId: string) => `${prefix}:llm:version:${tenantId}`,
  configVersion: `${prefix}:llm:config:version`,
  principal: (keyHash: string) => `${prefix}:llm:principal:${keyHash}`,
  /** Ids of the requests of the last minute, of a tenant or a key. */
  minute: (id: string) => `${prefix}:llm:minute:${id}`,
  /** Tokens of a minute; its number is appended. */
  tokens: (id: string) => `${prefix}:llm:tokens:${id}`,
  /** Requests under way. */
  live: (id: string) => `${prefix}:llm:live:${id}`,
  /** The period is in the name, so that nothing is ever reset. */
  messages: (id: string, period: string) => `${prefix}:llm:messages:${id}:${period}`,
  /** Of a tenant, a key, or `all`. */
  cost: (id: string, period: string) => `${prefix}:llm:cost:${id}:${period}`,
  ticket: (counter: string) => `${prefix}:llm:ticket:${counter}`,
  /** What a gateway has reserved and neither settled nor released, by request. */
  reserved: (gatewayId: string) => `${prefix}:llm:reserved:${gatewayId}`,
  /** How often each gateway's heart has beaten. */
  gateways: `${prefix}:llm:gateways`,
  /** Of a request whose reservation was lost or given back for it: whether its usage is counted. */
  late: (requestId: string) => `${prefix}:llm:late:${requestId}`,
  usage: `${prefix}:llm:usage`,
  unreadable: `${prefix}:llm:usage:unreadable`,
});
export type RedisNames = ReturnType<typeof redisNames>;
