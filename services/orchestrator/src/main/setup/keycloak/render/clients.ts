import type { Fields, MapperRepresentation } from '../representation.ts';
import type { KeycloakSettings } from '../settings.ts';
import type { DesiredClient } from './desired.ts';

/** How Keycloak writes lists into one attribute. */
const LIST_SEPARATOR = '##';

const SCOPES = ['basic', 'profile', 'email', 'roles'];

const confidential: Fields = {
  enabled: true,
  protocol: 'openid-connect',
  publicClient: false,
  clientAuthenticatorType: 'client-secret',
  standardFlowEnabled: true,
  implicitFlowEnabled: false,
  directAccessGrantsEnabled: false,
  serviceAccountsEnabled: false,
  consentRequired: false,
  frontchannelLogout: false,
  fullScopeAllowed: true,
};

/** Realm roles where a client looks for them without another request. */
const rolesInIdToken: MapperRepresentation = {
  name: 'realm roles in the ID token',
  protocol: 'openid-connect',
  protocolMapper: 'oidc-usermodel-realm-role-mapper',
  config: {
    'claim.name': 'realm_access.roles',
    'jsonType.label': 'String',
    multivalued: 'true',
    'id.token.claim': 'true',
    'userinfo.token.claim': 'true',
    // The scope `roles` puts them into the access token already.
    'access.token.claim': 'false',
    'introspection.token.claim': 'false',
  },
};

const audience = (name: string): MapperRepresentation => ({
  name: `audience ${name}`,
  protocol: 'openid-connect',
  protocolMapper: 'oidc-audience-mapper',
  config: {
    'included.custom.audience': name,
    'access.token.claim': 'true',
    'id.token.claim': 'false',
    'introspection.token.claim': 'true',
  },
});

export function renderClients(settings: KeycloakSettings): DesiredClient[] {
  return [dashboard(settings), grafana(settings), passwordGrantOfAdminCli];
}

function dashboard(settings: KeycloakSettings): DesiredClient {
  const origins = [settings.PUBLIC_URL, ...(settings.ADMIN_URL === undefined ? [] : [settings.ADMIN_URL])];
  return {
    clientId: settings.OIDC_CLIENT_ID,
    secret: settings.OIDC_CLIENT_SECRET,
    fields: {
      ...confidential,
      name: settings.BRAND_NAME,
      baseUrl: `${settings.PUBLIC_URL}/`,
      redirectUris: origins.map((origin) => `${origin}/auth/callback`),
      webOrigins: [],
    },
    attributes: {
      'pkce.code.challenge.method': 'S256',
      'post.logout.redirect.uris': origins.map((origin) => `${origin}/`).join(LIST_SEPARATOR),
      'backchannel.logout.url': settings.OIDC_BACKCHANNEL_LOGOUT_URL,
      'backchannel.logout.session.required': 'true',
    },
    mappers: [audience(settings.OIDC_AUDIENCE), rolesInIdToken],
    scopes: SCOPES,
  };
}

/** Grafana has no back-channel logout: its sessions end by their tokens, which it renews every few minutes. */
function grafana(settings: KeycloakSettings): DesiredClient {
  const origin = `https://grafana.${settings.DOMAIN}${settings.URL_PORT}`;
  return {
    clientId: 'grafana',
    secret: settings.GRAFANA_OIDC_CLIENT_SECRET,
    fields: {
      ...confidential,
      name: 'Grafana',
      baseUrl: `${origin}/`,
      redirectUris: [`${origin}/login/generic_oauth`],
      webOrigins: [],
    },
    attributes: {
      'pkce.code.challenge.method': 'S256',
      'post.logout.redirect.uris': `${origin}/login`,
    },
    mappers: [rolesInIdToken],
    scopes: SCOPES,
  };
}

/** Keycloak's own command line would be a way in by password alone, past everything that a log-in page may ask for. */
const passwordGrantOfAdminCli: DesiredClient = {
  clientId: 'admin-cli',
  secret: undefined,
  fields: { directAccessGrantsEnabled: false },
  attributes: {},
  mappers: [],
  scopes: [],
};
