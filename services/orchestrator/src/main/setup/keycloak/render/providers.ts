import type { KeycloakSettings } from '../settings.ts';
import type { DesiredProvider } from './desired.ts';

interface Social {
  alias: string;
  displayName: string;
  /** Keycloak takes the address as confirmed. Only where the provider itself has it confirmed. */
  trustEmail: boolean;
  defaultScope: string;
  id: keyof KeycloakSettings;
  secret: keyof KeycloakSettings;
}

export const SOCIALS: readonly Social[] = [
  {
    alias: 'github',
    displayName: 'GitHub',
    // The primary address of an account there may be unconfirmed, and somebody else's.
    trustEmail: false,
    defaultScope: 'user:email',
    id: 'GITHUB_CLIENT_ID',
    secret: 'GITHUB_CLIENT_SECRET',
  },
  {
    alias: 'google',
    displayName: 'Google',
    trustEmail: true,
    defaultScope: 'openid profile email',
    id: 'GOOGLE_CLIENT_ID',
    secret: 'GOOGLE_CLIENT_SECRET',
  },
  {
    alias: 'linkedin-openid-connect',
    displayName: 'LinkedIn',
    trustEmail: false,
    defaultScope: 'openid profile email',
    id: 'LINKEDIN_CLIENT_ID',
    secret: 'LINKEDIN_CLIENT_SECRET',
  },
];

/** Those of which both id and secret are set. */
export function renderProviders(settings: KeycloakSettings): DesiredProvider[] {
  return SOCIALS.flatMap((social, order) => {
    const [clientId, secret] = [settings[social.id], settings[social.secret]];
    if (clientId === undefined || secret === undefined) return [];
    return [
      {
        alias: social.alias,
        secret,
        fields: {
          providerId: social.alias,
          displayName: social.displayName,
          enabled: true,
          trustEmail: social.trustEmail,
          storeToken: false,
          linkOnly: false,
        },
        config: { clientId, defaultScope: social.defaultScope, syncMode: 'IMPORT', guiOrder: String(order + 1) },
      },
    ];
  });
}

/** Half of a pair is a mistake that nobody sees on the log-in page. */
export const halfSet = (settings: KeycloakSettings): string[] =>
  SOCIALS.filter(({ id, secret }) => (settings[id] === undefined) !== (settings[secret] === undefined)).map(
    ({ id, secret }) => `${id} and ${secret} must both be set for this log-in to be offered`,
  );
