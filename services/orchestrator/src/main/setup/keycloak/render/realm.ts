import type { KeycloakSettings } from '../settings.ts';
import type { DesiredRealm } from './desired.ts';

const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;
const DAY_S = 24 * HOUR_S;

/** As long as a session of ours can live (modules/identity/sessions): its end must be able to end ours. */
const SESSION_S = 30 * DAY_S;
/** As long as our API waits for somebody to come back (modules/identity/oidc): signing up may mean waiting for a mail. */
const LOGIN_S = HOUR_S;

export const REALM = 'cloud';

export function renderRealm(settings: KeycloakSettings): DesiredRealm {
  const mail = renderMail(settings);
  const canSendMail = mail.smtpServer !== undefined;
  return {
    name: REALM,
    fields: {
      enabled: true,
      displayName: settings.BRAND_NAME,
      // Plain HTTP only between containers: the edge has TLS, in the local mode too.
      sslRequired: 'external',
      ...registration(canSendMail),
      ...bruteForceProtection,
      ...lifetimes,
      ...appearance,
      ...events,
      passwordPolicy: 'length(12) and maxLength(128) and notUsername(undefined) and notEmail(undefined)',
      defaultSignatureAlgorithm: 'RS256',
    },
    attributes: { adminEventsExpiration: String(30 * DAY_S) },
    ...mail,
  };
}

/** Without mail nobody could confirm an address or get a new password: asking for it would lock everybody out. */
const registration = (canSendMail: boolean) => ({
  registrationAllowed: true,
  registrationEmailAsUsername: true,
  loginWithEmailAllowed: true,
  duplicateEmailsAllowed: false,
  editUsernameAllowed: false,
  verifyEmail: canSendMail,
  resetPasswordAllowed: canSendMail,
  // How long one stays signed in is our session's affair; see SESSION_S.
  rememberMe: false,
});

/** Ten wrong passwords: a minute's wait, growing to a quarter of an hour. Never for good: that would be a way to lock others out. */
const bruteForceProtection = {
  bruteForceProtected: true,
  permanentLockout: false,
  bruteForceStrategy: 'MULTIPLE',
  failureFactor: 10,
  waitIncrementSeconds: MINUTE_S,
  maxFailureWaitSeconds: 15 * MINUTE_S,
  quickLoginCheckMilliSeconds: 1000,
  minimumQuickLoginWaitSeconds: MINUTE_S,
  maxDeltaTimeSeconds: 12 * HOUR_S,
};

const lifetimes = {
  accessTokenLifespan: 5 * MINUTE_S,
  ssoSessionIdleTimeout: SESSION_S,
  ssoSessionMaxLifespan: SESSION_S,
  accessCodeLifespan: MINUTE_S,
  accessCodeLifespanLogin: LOGIN_S,
  accessCodeLifespanUserAction: LOGIN_S,
  actionTokenGeneratedByUserLifespan: LOGIN_S,
};

const appearance = {
  loginTheme: 'bastide',
  accountTheme: 'bastide',
  emailTheme: 'bastide',
  internationalizationEnabled: true,
  supportedLocales: ['en', 'fr'],
  defaultLocale: 'en',
};

const events = {
  eventsEnabled: true,
  eventsExpiration: 30 * DAY_S,
  eventsListeners: ['jboss-logging'],
  adminEventsEnabled: true,
  adminEventsDetailsEnabled: false,
};

function renderMail({ SMTP_URL, MAIL_FROM }: KeycloakSettings): Pick<DesiredRealm, 'smtpServer' | 'smtpPassword'> {
  const url = SMTP_URL === undefined ? undefined : new URL(SMTP_URL);
  // install.sh writes mail.invalid when no relay is named.
  if (!url || url.hostname.endsWith('.invalid')) return { smtpServer: undefined, smtpPassword: undefined };
  const isTls = url.protocol === 'smtps:';
  const port = url.port || (isTls ? '465' : '25');
  const user = decodeURIComponent(url.username);
  const { address, name } = parseSender(MAIL_FROM);
  return {
    smtpServer: {
      host: url.hostname,
      port,
      ssl: String(isTls),
      // Port 25 is a relay of ours on the same host; Keycloak would not go on without TLS where it is offered and fails.
      starttls: String(!isTls && port !== '25'),
      auth: String(user !== ''),
      ...(user !== '' && { user }),
      from: address,
      ...(name !== undefined && { fromDisplayName: name }),
    },
    smtpPassword: user === '' ? undefined : decodeURIComponent(url.password),
  };
}

/** `Bastide <no-reply@example.com>` or the bare address. */
function parseSender(sender: string): { address: string; name: string | undefined } {
  const [, name = '', address = ''] = /^\s*"?([^"<]*?)"?\s*<([^<>]+)>\s*$/.exec(sender) ?? [];
  return address === '' ? { address: sender.trim(), name: undefined } : { address, name: name || undefined };
}
