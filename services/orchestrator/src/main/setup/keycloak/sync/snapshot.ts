import type { DesiredState } from '../render/desired.ts';
import type {
  ClientRepresentation,
  ProviderRepresentation,
  RealmRepresentation,
  RoleRepresentation,
} from '../representation.ts';
import type { KeycloakAdmin } from './admin.ts';
import { SOCIALS } from '../render/providers.ts';

/** What Keycloak has of what we look after. */
export interface Snapshot {
  realm: RealmRepresentation;
  roles: readonly string[];
  defaultRoles: readonly string[];
  clients: ReadonlyMap<string, ClientRepresentation>;
  providers: ReadonlyMap<string, ProviderRepresentation>;
}

/** Undefined when the realm does not exist. */
export async function readSnapshot(admin: KeycloakAdmin, desired: DesiredState): Promise<Snapshot | undefined> {
  const base = `/${desired.realm.name}`;
  const realm = await admin.get<RealmRepresentation>(base);
  if (!realm) return undefined;
  const roles = await admin.require<RoleRepresentation[]>(`${base}/roles?max=1000`);
  const defaults = await admin.require<RoleRepresentation[]>(`${base}/roles-by-id/${realm.defaultRole.id}/composites`);
  const clients = new Map<string, ClientRepresentation>();
  for (const { clientId } of desired.clients) {
    const [found] = await admin.require<ClientRepresentation[]>(
      `${base}/clients?clientId=${encodeURIComponent(clientId)}`,
    );
    if (found) clients.set(clientId, found);
  }
  const providers = new Map<string, ProviderRepresentation>();
  for (const { alias } of SOCIALS) {
    const found = await admin.get<ProviderRepresentation>(`${base}/identity-provider/instances/${alias}`);
    if (found) providers.set(alias, found);
  }
  return {
    realm,
    roles: roles.map(({ name }) => name),
    defaultRoles: defaults.map(({ name }) => name),
    clients,
    providers,
  };
}
