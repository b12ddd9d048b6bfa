import { z } from 'zod';
import { type Values, httpUrl, secret, variable } from '#core/config/variable.ts';
import { variables } from '#core/config/variables.ts';

const group = 'Keycloak';
/** Compose files and empty secret files say "not set" with an empty string. */
const optional = () =>
  z
    .string()
    .optional()
    .transform((value) => value || undefined);
const socialId = (name: string) =>
  variable({ schema: optional(), group, about: `Client id at ${name}; unset: no log-in by ${name}.` });
const socialSecret = () => variable({ schema: optional(), group, about: 'Its secret.', secret: true });

/** What the realm is rendered from, and how Keycloak's admin API is reached. */
export const keycloakVariables = {
  KEYCLOAK_URL: variable({ schema: httpUrl(), group, about: 'Keycloak as this process reaches it, with /admin.' }),
  KEYCLOAK_ADMIN_CLIENT_ID: variable({
    schema: z.string().min(1).default('bastide-setup'),
    group,
    about: 'Service account of realm master that Keycloak makes at its first start.',
  }),
  KEYCLOAK_ADMIN_CLIENT_SECRET: variable({ schema: secret(), group, about: 'Its secret.', secret: true }),
  DOMAIN: variable({
    schema: z.string().regex(/^[a-z0-9.-]+$/, 'must be a domain name'),
    group,
    about: 'Domain of the installation.',
  }),
  URL_PORT: variable({
    schema: z.union([z.literal(''), z.string().regex(/^:\d+$/, 'must be like :8443')]).default(''),
    group,
    about: 'What follows the host in every public address when the port is not 443.',
  }),
  BRAND_NAME: variable({
    schema: z.string().trim().min(1).max(60).default('Bastide'),
    group,
    about: 'Name on the log-in pages and in mails.',
  }),
  OPERATOR_EMAIL: variable({
    schema: z.email('must be an e-mail address'),
    group,
    about: 'Account of the first operator, made once with the roles superadmin and admin.',
  }),
  FIRST_ADMIN_PASSWORD: variable({
    schema: secret(),
    group,
    about: 'Its password for the first log-in, which asks for another.',
    secret: true,
  }),
  PUBLIC_URL: variables.PUBLIC_URL,
  ADMIN_URL: variables.ADMIN_URL,
  OIDC_CLIENT_ID: variables.OIDC_CLIENT_ID,
  OIDC_CLIENT_SECRET: variables.OIDC_CLIENT_SECRET,
  OIDC_AUDIENCE: variables.OIDC_AUDIENCE,
  OIDC_BACKCHANNEL_LOGOUT_URL: variable({
    schema: httpUrl().default('http://api:4000/auth/backchannel-logout'),
    group,
    about: 'Where Keycloak tells our API that a session has ended.',
  }),
  GRAFANA_OIDC_CLIENT_SECRET: variable({ schema: secret(), group, about: 'Secret of client grafana.', secret: true }),
  SMTP_URL: variable({
    schema: z
      .union([z.literal(''), variables.SMTP_URL.schema])
      .optional()
      .transform((url) => url || undefined),
    group,
    about: 'Relay for confirmations and new passwords; a host under .invalid counts as none.',
    secret: true,
  }),
  MAIL_FROM: variables.MAIL_FROM,
  GITHUB_CLIENT_ID: socialId('GitHub'),
  GITHUB_CLIENT_SECRET: socialSecret(),
  GOOGLE_CLIENT_ID: socialId('Google'),
  GOOGLE_CLIENT_SECRET: socialSecret(),
  LINKEDIN_CLIENT_ID: socialId('LinkedIn'),
  LINKEDIN_CLIENT_SECRET: socialSecret(),
} as const;

export type KeycloakSettings = Values<typeof keycloakVariables>;
