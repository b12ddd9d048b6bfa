import type { Logger } from 'pino';
import type { SetupStep } from '../types.ts';
import { halfSet } from './render/providers.ts';
import { render } from './render/render.ts';
import type { KeycloakSettings } from './settings.ts';
import { KeycloakAdmin } from './sync/admin.ts';
import { applySync, planSync } from './sync/sync.ts';

/**
 * Realm `cloud` as configuration wants it. Never touches people, their sessions, or clients and flows that an operator
 * added; the first operator's account is made once.
 */
export const keycloakStep: SetupStep<KeycloakSettings> = {
  name: 'keycloak',
  plan: (settings, log) => planSync(syncOf(settings, log)),
  apply: (settings, log) => applySync(syncOf(settings, log)),
};

function syncOf(settings: KeycloakSettings, log: Logger) {
  for (const problem of halfSet(settings)) log.warn(problem);
  return { admin: new KeycloakAdmin(settings, log), desired: render(settings), log };
}
