import type { Fields, MapperRepresentation } from '../representation.ts';

/** What Keycloak shows as ********** once it has it: kept beside it as a fingerprint, see sync/fingerprint.ts. */
export type HiddenSecret = string | undefined;

export interface DesiredRealm {
  name: string;
  fields: Fields;
  /** Merged into the realm's attributes; Keycloak and operators keep others there. */
  attributes: Readonly<Record<string, string>>;
  /** Without the password; undefined: no mail can be sent. */
  smtpServer: Readonly<Record<string, string>> | undefined;
  smtpPassword: HiddenSecret;
}

export interface DesiredRole {
  name: string;
  description: string;
}

export interface DesiredClient {
  clientId: string;
  /** Undefined for a client that Keycloak makes in every realm: it is altered, never made, and has no secret of ours. */
  secret: string | undefined;
  fields: Fields;
  attributes: Readonly<Record<string, string>>;
  mappers: readonly MapperRepresentation[];
  /** Client scopes that it cannot do without; others may be added. */
  scopes: readonly string[];
}

export interface DesiredProvider {
  alias: string;
  fields: Fields;
  config: Readonly<Record<string, string>>;
  secret: string;
}

export interface DesiredOperator {
  email: string;
  password: string;
  roles: readonly string[];
}

export interface DesiredState {
  realm: DesiredRealm;
  roles: readonly DesiredRole[];
  /** Roles that everybody has. */
  defaultRoles: readonly string[];
  clients: readonly DesiredClient[];
  providers: readonly DesiredProvider[];
  operator: DesiredOperator;
}
