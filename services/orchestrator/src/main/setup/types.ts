import type { Logger } from 'pino';

/** One difference between what is and what should be, worded for the operator: never with a secret in it. */
export interface Change {
  what: string;
}

/**
 * A third-party service of the appliance that is set up by its own API. `plan` changes nothing and says what `apply`
 * would do; `apply` says what it did. Both may run at any time, and again after having been killed.
 */
export interface SetupStep<Settings> {
  name: string;
  plan: (settings: Settings, log: Logger) => Promise<Change[]>;
  apply: (settings: Settings, log: Logger) => Promise<Change[]>;
}
