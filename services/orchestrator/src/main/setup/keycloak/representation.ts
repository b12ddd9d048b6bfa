/** Of Keycloak's admin API, what we read and write: https://www.keycloak.org/docs-api/26.7.0/rest-api/. */

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** Fields by Keycloak's own names. Only those named here are ours; all others stay as they are. */
export type Fields = Readonly<Record<string, Json>>;

export interface RoleRepresentation {
  id?: string;
  name: string;
  description: string;
}

export interface MapperRepresentation {
  id?: string;
  name: string;
  protocol: string;
  protocolMapper: string;
  config: Record<string, string>;
}

export interface ClientRepresentation {
  id: string;
  clientId: string;
  secret?: string;
  attributes?: Record<string, string>;
  protocolMappers?: MapperRepresentation[];
  defaultClientScopes?: string[];
  [field: string]: unknown;
}

export interface ProviderRepresentation {
  alias: string;
  config: Record<string, string>;
  [field: string]: unknown;
}

export interface RealmRepresentation {
  realm: string;
  enabled: boolean;
  defaultRole: { id: string };
  attributes: Record<string, string>;
  smtpServer: Record<string, string>;
  [field: string]: unknown;
}
