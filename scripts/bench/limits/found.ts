/** Medians of the rounds. */
export interface OfCalls {
  perSecond: number;
  /** CPU time each, of the two programs. */
  nodeUs: number;
  redisUs: number;
  /** One at a time. */
  aloneMs: number;
}

export interface LimitsFound {
  /** Reserved and settled: two calls to the limiter, in as many scripts as it takes. */
  requests: OfCalls;
  /** One call each of a script that does nothing. */
  nothing: OfCalls;
}
