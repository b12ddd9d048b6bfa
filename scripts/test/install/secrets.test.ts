import { createPrivateKey } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { ROOT, isRoot, sandbox } from './sandbox.ts';

const asRoot = isRoot ? test.serial : test.skip;

test('every secret of the compose file is made by the installer', async (t) => {
  const { secrets } = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { maxAliasCount: -1 }) as {
    secrets: Record<string, { file: string }>;
  };
  const { out } = await sandbox(t).bash('secret_list');
  const made = new Set(out.split('\n').map((line) => `./secrets/${line.split(' ')[0] ?? ''}`));
  t.deepEqual(
    Object.values(secrets)
      .map(({ file }) => file)
      .filter((file) => !made.has(file)),
    [],
  );
});

asRoot('made once: the second run leaves every byte, mode and owner', async (t) => {
  const box = sandbox(t);
  box.write('.env', 'SECRETS_GID=4242\nSMTP_HOST=mail.example.com\nSMTP_USER=us@example.com\n');
  const first = await box.bash('env_load .env; ensure_secrets');
  t.is(first.code, 0, first.out);
  const before = box.snapshot();
  const second = await box.bash('env_load .env; ensure_secrets');
  t.is(second.out, '');
  t.deepEqual(box.snapshot(), before);
  t.is(statSync(box.path('secrets')).mode & 0o777, 0o700);
  for (const name of readdirSync(box.path('secrets')))
    t.true(before[`secrets/${name}`]?.startsWith('440 0:4242 '), name);
});

asRoot('each kind is what its reader takes', async (t) => {
  const box = sandbox(t);
  await box.bash('ensure_secrets');
  const secret = (name: string) => box.read(`secrets/${name}`);
  t.is(Buffer.from(secret('encryption_key'), 'base64').length, 32);
  t.regex(secret('database_password'), /^[A-Za-z0-9]{40}$/);
  t.is(secret('database_url'), `mysql://bastide:${secret('database_password')}@mariadb:3306/bastide`);
  t.is(createPrivateKey(Buffer.from(secret('lago_rsa_private_key'), 'base64')).asymmetricKeyType, 'rsa');
  t.is(createPrivateKey(secret('postal_signing_key')).asymmetricKeyType, 'rsa');
  t.regex(secret('traefik_dashboard_users'), /^admin:\$apr1\$.{8}\$.{22}$/);
  t.regex(secret('first_admin_password'), /^([A-Za-z0-9]{4}-){4}[A-Za-z0-9]{4}$/);
  t.is(secret('stripe_secret_key'), '');
  for (const name of readdirSync(box.path('secrets'))) t.false(secret(name).endsWith('\n'), name);
});

asRoot('what is derived follows its parts, and what a person wrote stays', async (t) => {
  const box = sandbox(t);
  box.write('.env', 'SMTP_HOST=mail.example.com\nSMTP_USER=us@example.com\n');
  await box.bash(
    'env_load .env; ensure_secrets; printf "p w/é" | put_secret smtp_password; printf mine | put_secret lago_api_key',
  );
  const { out } = await box.bash('env_load .env; ensure_secrets');
  t.is(out, 'smtp_url\n');
  const login = 'us%40example.com:p%20w%2F%C3%A9@mail.example.com';
  t.is(box.read('secrets/smtp_url'), `smtp://${login}:587?requireTLS=true`);
  const address = async (settings: string) => {
    box.write('.env', `SMTP_HOST=mail.example.com\nSMTP_USER=us@example.com\n${settings}\n`);
    return (await box.bash('env_load .env; smtp_url')).out;
  };
  t.is(await address('SMTP_PORT=465'), `smtps://${login}:465`);
  t.is(await address('SMTP_PORT=25'), `smtp://${login}:25`);
  t.is(await address('SMTP_PORT=2525\nSMTP_REQUIRE_TLS=true'), `smtp://${login}:2525?requireTLS=true`);
  t.is(await address('SMTP_REQUIRE_TLS=false'), `smtp://${login}:587`);
  t.is(box.read('secrets/lago_api_key'), 'mine');
});

asRoot('a wrong mode is put right, a half-made file of a killed run goes away', async (t) => {
  const box = sandbox(t);
  await box.bash('ensure_secrets; chmod 644 secrets/oidc_client_secret; touch secrets/.tmp.abcdefgh');
  const { out } = await box.bash('ensure_secrets');
  t.is(out, 'oidc_client_secret\n');
  t.false(readdirSync(box.path('secrets')).some((name) => name.startsWith('.tmp.')));
});

asRoot('the run log holds no secret', async (t) => {
  const box = sandbox(t);
  await box.bash(
    'ensure_secrets; start_run_log t; say "the key is $(secret encryption_key)!"; logged cat secrets/postal_signing_key secrets/database_url',
  );
  const [name] = readdirSync(box.path('logs'));
  const text = box.read(join('logs', name ?? ''));
  t.true(text.includes('the key is [redacted]!'), text);
  const lines = ['encryption_key', 'database_password'].map((secret) => box.read(`secrets/${secret}`));
  lines.push(...box.read('secrets/postal_signing_key').split('\n').slice(1, -1));
  for (const line of lines) t.false(text.includes(line));
  t.is(statSync(box.path('logs', name ?? '')).mode & 0o777, 0o600);
});

asRoot('the last twenty run logs are kept', async (t) => {
  const box = sandbox(t);
  await box.bash(
    'mkdir logs; for i in $(seq 10 40); do touch "logs/t-202601${i}T000000Z-1.log"; done; start_run_log t',
  );
  t.is(readdirSync(box.path('logs')).length, 20);
  t.false(readdirSync(box.path('logs')).includes('t-20260110T000000Z-1.log'));
});
