/** What the process behind our gateway says when it is ready. */
export interface Backstage {
  /** For the gateway's own process. */
  env: Record<string, string>;
  /** Of one tenant each. */
  keys: string[];
}

/** Accounting that is still under way. */
export interface Pending {
  inStream: number;
  stored: number;
  reserved: number;
}
