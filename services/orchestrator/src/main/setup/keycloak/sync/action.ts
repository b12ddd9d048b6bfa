import type { KeycloakAdmin } from './admin.ts';

/** One thing that is not as it should be, and what sets it right. Running it twice is harmless. */
export interface Action {
  /** One line per difference. */
  what: readonly string[];
  run: (admin: KeycloakAdmin) => Promise<void>;
}
