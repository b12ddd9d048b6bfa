import type { KeycloakSettings } from '../settings.ts';
import { renderClients } from './clients.ts';
import type { DesiredState } from './desired.ts';
import { renderProviders } from './providers.ts';
import { renderRealm } from './realm.ts';

/** The realm as configuration wants it. Pure: the same settings give the same state. */
export function render(settings: KeycloakSettings): DesiredState {
  return {
    realm: renderRealm(settings),
    roles: [
      { name: 'user', description: 'Everybody with an account' },
      { name: 'founding_member', description: 'Bought a founding plan' },
      { name: 'admin', description: 'Operates the installation' },
      { name: 'superadmin', description: 'Operates the installation without limits' },
      { name: 'support', description: 'Helps customers' },
      { name: 'finance', description: 'Sees and settles invoices' },
    ],
    defaultRoles: ['user'],
    clients: renderClients(settings),
    providers: renderProviders(settings),
    operator: {
      email: settings.OPERATOR_EMAIL,
      password: settings.FIRST_ADMIN_PASSWORD,
      roles: ['superadmin', 'admin'],
    },
  };
}
