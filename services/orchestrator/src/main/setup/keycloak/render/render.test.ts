import test from 'ava';
import { ConfigError, loadVariables } from '#core/config/load.ts';
import { keycloakVariables } from '../settings.ts';
import { describe, differences } from '../sync/differences.ts';
import { fingerprint, isFingerprintOf } from '../sync/fingerprint.ts';
import { halfSet } from './providers.ts';
import { render } from './render.ts';

const ENV = {
  KEYCLOAK_URL: 'http://keycloak:8080',
  KEYCLOAK_ADMIN_CLIENT_SECRET: 's1',
  DOMAIN: 'example.test',
  OPERATOR_EMAIL: 'op@example.test',
  FIRST_ADMIN_PASSWORD: 's2',
  PUBLIC_URL: 'https://app.example.test:8443',
  ADMIN_URL: 'https://admin.example.test:8443',
  URL_PORT: ':8443',
  OIDC_CLIENT_ID: 'bastide',
  OIDC_CLIENT_SECRET: 's3',
  GRAFANA_OIDC_CLIENT_SECRET: 's4',
  SMTP_URL: 'smtp://mail.invalid:25',
  MAIL_FROM: 'Bastide <no-reply@example.test>',
  GITHUB_CLIENT_ID: '',
};
const settings = (changes: Record<string, string> = {}) => loadVariables(keycloakVariables, { ...ENV, ...changes });
const rendered = (changes?: Record<string, string>) => render(settings(changes));

test('names every wrong setting at once, and repeats no secret', (t) => {
  const error = t.throws(
    () => settings({ DOMAIN: 'no domain', OPERATOR_EMAIL: 'nobody', URL_PORT: '8443', SMTP_URL: 'http://u:hunter2@h' }),
    { instanceOf: ConfigError },
  );
  t.deepEqual(error.problems.map((problem) => problem.split(':')[0]).sort(), [
    'DOMAIN',
    'OPERATOR_EMAIL',
    'SMTP_URL',
    'URL_PORT',
  ]);
  t.false(error.message.includes('hunter2'));
});

test('people come back to the configured addresses only, at whatever port', (t) => {
  const [dashboard, grafana] = rendered().clients;
  t.deepEqual(dashboard?.fields['redirectUris'], [
    'https://app.example.test:8443/auth/callback',
    'https://admin.example.test:8443/auth/callback',
  ]);
  t.is(
    dashboard?.attributes['post.logout.redirect.uris'],
    'https://app.example.test:8443/##https://admin.example.test:8443/',
  );
  t.deepEqual(grafana?.fields['redirectUris'], ['https://grafana.example.test:8443/login/generic_oauth']);
  const [alone] = rendered({ ADMIN_URL: '' }).clients;
  t.deepEqual(alone?.fields['redirectUris'], ['https://app.example.test:8443/auth/callback']);
});

test('no client has another way in than the code flow with PKCE', (t) => {
  for (const { clientId, fields, attributes } of rendered().clients) {
    t.false(fields['directAccessGrantsEnabled'], clientId);
    if (clientId === 'admin-cli') continue;
    t.like(fields, { implicitFlowEnabled: false, serviceAccountsEnabled: false, publicClient: false, webOrigins: [] });
    t.is(attributes['pkce.code.challenge.method'], 'S256', clientId);
  }
});

test('a log-in by others is offered when both its id and its secret are set', (t) => {
  t.deepEqual(rendered().providers, []);
  const half = { GITHUB_CLIENT_ID: 'gh', GOOGLE_CLIENT_SECRET: 'gs' };
  t.deepEqual(rendered(half).providers, []);
  t.is(halfSet(settings(half)).length, 2);
  const whole = { ...half, GITHUB_CLIENT_SECRET: 'ghs', LINKEDIN_CLIENT_ID: 'li', LINKEDIN_CLIENT_SECRET: 'lis' };
  t.deepEqual(
    rendered(whole).providers.map(({ alias, secret, fields }) => [alias, secret, fields['trustEmail']]),
    [
      ['github', 'ghs', false],
      ['linkedin-openid-connect', 'lis', false],
    ],
  );
});

test('mail is sent as the address of the relay says', (t) => {
  const mail = (SMTP_URL: string, MAIL_FROM = ENV.MAIL_FROM) => rendered({ SMTP_URL, MAIL_FROM }).realm;
  t.is(mail('smtp://mail.invalid:25').smtpServer, undefined);
  t.is(mail('').smtpServer, undefined);
  t.like(mail('smtp://mail.invalid:25').fields, { verifyEmail: false, resetPasswordAllowed: false });
  t.deepEqual(mail('smtps://us%40er:p%3Ass@relay.test').smtpServer, {
    host: 'relay.test',
    port: '465',
    ssl: 'true',
    starttls: 'false',
    auth: 'true',
    user: 'us@er',
    from: 'no-reply@example.test',
    fromDisplayName: 'Bastide',
  });
  t.is(mail('smtps://us%40er:p%3Ass@relay.test').smtpPassword, 'p:ss');
  t.like(mail('smtp://u:p@relay.test:587').smtpServer, { ssl: 'false', starttls: 'true', port: '587' });
  t.like(mail('smtp://postal-smtp:25', 'plain@example.test').smtpServer, {
    auth: 'false',
    starttls: 'false',
    from: 'plain@example.test',
  });
  t.true(mail('smtp://postal-smtp:25').fields['verifyEmail']);
});

test('everybody is a user, and only the operator more', (t) => {
  const { roles, defaultRoles, operator } = rendered();
  t.deepEqual(roles.map(({ name }) => name).sort(), [
    'admin',
    'finance',
    'founding_member',
    'superadmin',
    'support',
    'user',
  ]);
  t.deepEqual(defaultRoles, ['user']);
  t.like(operator, { email: 'op@example.test', roles: ['superadmin', 'admin'] });
});

test('a fingerprint knows its secret and no other, and is never the same twice', (t) => {
  const print = fingerprint('secret');
  t.true(isFingerprintOf('secret', print));
  t.false(isFingerprintOf('Secret', print));
  t.not(fingerprint('secret'), print);
  for (const none of [undefined, '', 'secret', 'scrypt$', 'scrypt$a$b', 'md5$a$b'])
    t.false(isFingerprintOf('secret', none));
});

test('differences are told field by field; the order of a list is none', (t) => {
  const found = differences({ a: 1, b: ['x', 'y'], c: '', d: true }, { a: 1, b: ['y', 'x'], d: false, e: 'not ours' });
  t.deepEqual(
    found.map((difference) => describe('realm', difference)),
    ['realm: d false → true'],
  );
});
