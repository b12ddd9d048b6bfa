import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { isRoot, sandbox } from './sandbox.ts';

const asRoot = isRoot ? test.serial : test.skip;
const LOCAL = ['--yes', '--mode', 'local', '--size', 's'];

asRoot('names every wrong setting at once, and never runs one as code', async (t) => {
  const box = sandbox(t);
  box.write(
    '.env',
    'DOMAIN="$(touch pwned)"\nOPERATOR_EMAIL=nobody\nSIZE=xl\nHTTPS_PORT=99999\nBACKUP_SCHEDULE=noon\nMARIADB_MEMORY=lots\nLOG_LEVEL=`touch pwned`\nTZ="a b"\nCOMPOSE_PROFILES=nope\n',
  );
  const before = box.read('.env');
  const { code, out } = await box.run('install.sh', LOCAL.slice(0, 3));
  t.is(code, 20, out);
  for (const name of [
    'DOMAIN',
    'OPERATOR_EMAIL',
    'SIZE',
    'HTTPS_PORT',
    'BACKUP_SCHEDULE',
    'MARIADB_MEMORY',
    'LOG_LEVEL',
    'TZ',
    'COMPOSE_PROFILES',
  ])
    t.true(out.includes(`${name} is `) || out.includes(`${name}: `), name);
  t.false(existsSync(box.path('pwned')));
  t.is(box.read('.env'), before);
});

asRoot('settings that only make sense with a secret are refused without it', async (t) => {
  const box = sandbox(t);
  const args = [...LOCAL, '--configure-only', '--set', 'LLM_UPSTREAM_URL=https://llm.example.com/v1'];
  const half = await box.run('install.sh', args, { BASTIDE_SECRET_STRIPE_SECRET_KEY: 'sk_live_x' });
  t.is(half.code, 20, half.out);
  t.regex(half.out, /secrets\/llm_upstream_key is empty/);
  t.regex(half.out, /secrets\/stripe_webhook_secret is empty/);
  const whole = await box.run('install.sh', args, { BASTIDE_SECRET_LLM_UPSTREAM_KEY: 'sk-upstream' });
  t.is(whole.code, 0, whole.out);
  t.is(box.read('secrets/llm_upstream_key'), 'sk-upstream');
});

asRoot('keys of LLM providers are lines of one secret, kept as they were given', async (t) => {
  const box = sandbox(t);
  const args = [...LOCAL, '--configure-only', '--set', 'LLM_PROVIDER_URLS=groq=https://proxy.example.com/v1'];
  const given = '# ours\nGROQ_API_KEY=gsk_1\n\n  OPENAI_API_KEY = "sk-2"';
  const good = await box.run('install.sh', args, { BASTIDE_SECRET_LLM_PROVIDER_KEYS: given });
  t.is(good.code, 0, good.out);
  t.is(box.read('secrets/llm_provider_keys'), given);
  writeFileSync(box.path('secrets/llm_provider_keys'), 'GROQ_API_KEY=gsk_1\ngsk_naked\n');
  const bad = await box.run('install.sh', [
    ...args,
    '--set',
    'OLLAMA_URL=ollama:11434',
    '--set',
    'LLM_PROVIDER_URLS=groq',
  ]);
  t.is(bad.code, 20, bad.out);
  t.regex(bad.out, /secrets\/llm_provider_keys: line 2 is not like GROQ_API_KEY=/);
  t.regex(bad.out, /OLLAMA_URL is .*not an address/);
  t.regex(bad.out, /LLM_PROVIDER_URLS is groq, and not addresses of providers/);
  t.notRegex(bad.out, /naked/);
});

asRoot('refuses hostile answers and keeps odd but harmless ones', async (t) => {
  const box = sandbox(t);
  for (const domain of ['a b.com', 'x.com; rm -rf /', '$(id).com', 'x.com\nB=1']) {
    const { code, out } = await box.run('install.sh', ['--yes', '--mode', 'local', '--dry-run', '--domain', domain]);
    t.is(code, 20, `${domain}: ${out}`);
  }
  const odd = `It's "$HOME" & \`co\` # 1`;
  const { code, out } = await box.run('install.sh', [...LOCAL, '--configure-only', '--set', `BRAND_NAME=${odd}`]);
  t.is(code, 0, out);
  t.is((await box.bash('env_load .env; env_value BRAND_NAME')).out, odd);
});

asRoot("a person's values survive; a change of size touches only what the size had set", async (t) => {
  const box = sandbox(t);
  const run = (...args: string[]) =>
    box.run('install.sh', ['--yes', '--configure-only', '--skip-check', 'memory', ...args]);
  t.is((await run('--mode', 'local', '--size', 'm')).code, 0);
  const env = box.read('.env');
  t.regex(env, /^MARIADB_MEMORY=3072M$/m);
  box.write('.env', `${env.replace(/^LOKI_MEMORY=.*/m, 'LOKI_MEMORY=999M')}# my own line\nMINE="x y"\n`);
  t.is((await run()).code, 0);
  t.is((await run('--size', 'l')).code, 0);
  const after = box.read('.env');
  t.regex(after, /^MARIADB_MEMORY=8192M$/m);
  t.regex(after, /^LOKI_MEMORY=999M$/m);
  t.regex(after, /^# my own line\nMINE="x y"$/m);
  t.is((await run('--size', 's')).code, 0);
  t.regex(box.read('.env'), /^MARIADB_MEMORY=1024M$/m);
});

asRoot('takes further compose files, and an override that comes and goes', async (t) => {
  const box = sandbox(t);
  const run = (env = {}) => box.run('install.sh', [...LOCAL, '--configure-only'], env);
  const files = () => /^COMPOSE_FILE=(.*)$/m.exec(box.read('.env'))?.[1];
  box.write('extra.yml', 'services: {}\n');
  t.is((await run({ BASTIDE_COMPOSE_EXTRA: 'extra.yml' })).code, 0);
  t.is(files(), 'docker-compose.yml:docker-compose.local.yml:extra.yml');
  box.write('docker-compose.override.yml', 'services: {}\n');
  await run();
  t.is(files(), 'docker-compose.yml:docker-compose.local.yml:extra.yml:docker-compose.override.yml');
  rmSync(box.path('docker-compose.override.yml'));
  await run();
  t.is(files(), 'docker-compose.yml:docker-compose.local.yml:extra.yml');
});

asRoot('a clone made under a strict umask is opened for the containers, and nothing of the rest', async (t) => {
  const box = sandbox(t);
  mkdirSync(box.path('services/mariadb'), { mode: 0o700 });
  writeFileSync(box.path('services/mariadb/start.sh'), '#!/bin/bash\n', { mode: 0o700 });
  writeFileSync(box.path('services/mariadb/bastide.cnf'), '[mariadb]\n', { mode: 0o600 });
  const run = () =>
    box.bash('umask 077; exec scripts/install.sh --yes --mode local --configure-only --skip-check memory');
  t.regex((await run()).out, /let containers read 3 files and folders/);
  const mode = (path: string) => (statSync(box.path(path)).mode & 0o777).toString(8);
  t.is(mode('services/mariadb'), '755');
  t.is(mode('services/mariadb/start.sh'), '755');
  t.is(mode('services/mariadb/bastide.cnf'), '644');
  t.is(mode('secrets'), '700');
  t.is(mode('.env'), '600');
  t.is(mode('logs'), '700');
  t.notRegex((await run()).out, /let containers read/);
});

asRoot('from one machine to a server: the ports of the local mode do not stay', async (t) => {
  const box = sandbox(t);
  t.is(
    (await box.run('install.sh', [...LOCAL, '--configure-only', '--https-port', '8443', '--http-port', '8080'])).code,
    0,
  );
  const toServer = ['--yes', '--configure-only', '--mode', 'prod', '--skip-check', 'memory', '--skip-check', 'dns'];
  const said = await box.run(
    'install.sh',
    [...toServer, '--domain', 'cloud.example.com', '--acme-dns-provider', 'desec'],
    {
      DESEC_TOKEN: 'abcdefgh12345678',
    },
  );
  t.is(said.code, 0, said.out);
  t.regex(box.read('.env'), /^HTTP_PORT=80\nHTTPS_PORT=443$/m);
  const wrong = await box.run('install.sh', [...toServer, '--https-port', '8443']);
  t.is(wrong.code, 20);
  t.regex(wrong.out, /a server listens on 80 and 443/);
});

asRoot('does not start anything in the middle of an upgrade; taken away, no copy of the secrets stays', async (t) => {
  const box = sandbox(t);
  t.is((await box.run('install.sh', [...LOCAL, '--configure-only'])).code, 0);
  mkdirSync(box.path('.bastide/upgrade/20260101T000000Z/before/secrets'), { recursive: true });
  box.write('.bastide/upgrade/20260101T000000Z/before/secrets/database_password', 'a-copy');
  box.write('.bastide/upgrade/state', 'format=1\nphase=forward\nstep=migrate\n');
  const { code, out } = await box.run('install.sh', LOCAL);
  t.is(code, 20);
  t.regex(out, /An upgrade is under way[^]*upgrade\.sh --resume/);
  t.is((await box.run('uninstall.sh', ['--yes-delete', 'bastide.localhost', '--no-backup'])).code, 0);
  t.false(existsSync(box.path('.bastide/upgrade')));
});

asRoot('takes the digests of a release, and keeps the one that a person chose', async (t) => {
  const box = sandbox(t);
  const run = () => box.run('install.sh', [...LOCAL, '--configure-only']);
  const image = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(box.read('.env'))?.[1];
  box.write('images.env', 'ORCHESTRATOR_IMAGE=r.example/o:1@sha256:aa\nBACKUP_IMAGE=r.example/b:1@sha256:bb\n');
  t.is((await run()).code, 0);
  t.is(image('ORCHESTRATOR_IMAGE'), 'r.example/o:1@sha256:aa');
  box.write('.env', box.read('.env').replace(/^BACKUP_IMAGE=.*/m, 'BACKUP_IMAGE=mirror.example/b:mine'));
  box.write('images.env', 'ORCHESTRATOR_IMAGE=r.example/o:2@sha256:cc\nBACKUP_IMAGE=r.example/b:2@sha256:dd\n');
  t.is((await run()).code, 0);
  t.is(image('ORCHESTRATOR_IMAGE'), 'r.example/o:2@sha256:cc');
  t.is(image('BACKUP_IMAGE'), 'mirror.example/b:mine');
});

asRoot('the local certificate covers the domain and its wildcard, and is made anew in time', async (t) => {
  const box = sandbox(t);
  const run = (...args: string[]) => box.run('install.sh', [...LOCAL, '--configure-only', ...args]);
  t.is((await run()).code, 0);
  const verify = (name: string) =>
    execFileSync(
      'openssl',
      ['verify', '-CAfile', box.path('secrets/tls/ca.crt'), '-verify_hostname', name, box.path('secrets/tls/tls.crt')],
      { stdio: 'ignore' },
    );
  verify('bastide.localhost');
  verify('app.bastide.localhost');
  t.throws(() => verify('example.com'));
  const authority = box.read('secrets/tls/ca.crt');
  const leaf = box.read('secrets/tls/tls.crt');
  t.is((await run('--domain', 'other.test')).code, 0);
  verify('x.other.test');
  t.not(box.read('secrets/tls/tls.crt'), leaf);
  t.is(box.read('secrets/tls/ca.crt'), authority);
  // Twenty days left.
  execFileSync('sh', [
    '-c',
    `cd "${box.path('secrets/tls')}" && openssl req -new -key tls.key -subj /CN=other.test | openssl x509 -req -CA ca.crt -CAkey ca.key -days 20 -out short.crt -set_serial 7 2>/dev/null && mv short.crt tls.crt`,
  ]);
  t.regex((await run()).out, /make a certificate for other\.test/);
  verify('x.other.test');
});

asRoot("asks for what the DNS provider's API needs, and keeps it", async (t) => {
  const box = sandbox(t);
  const args = [
    '--yes',
    '--domain',
    'cloud.example.com',
    '--email',
    'me@example.com',
    '--acme-dns-provider',
    'ovh',
    '--configure-only',
    '--skip-check',
    'dns',
  ];
  const without = await box.run('install.sh', args, { OVH_ENDPOINT: 'ovh-eu' });
  t.is(without.code, 20, without.out);
  t.regex(without.out, /Missing: OVH_APPLICATION_KEY OVH_APPLICATION_SECRET OVH_CONSUMER_KEY/);
  const given = {
    OVH_ENDPOINT: 'ovh-eu',
    OVH_APPLICATION_KEY: 'a',
    OVH_APPLICATION_SECRET: 'b',
    OVH_CONSUMER_KEY: 'c',
  };
  t.is((await box.run('install.sh', args, given)).code, 0);
  t.is(box.read('secrets/acme-dns.env').trim().split('\n').length, 4);
  t.is((await box.run('install.sh', args)).code, 0);
});

asRoot('a database that stays red is explained, and a migration that fails has its own code', async (t) => {
  const box = sandbox(t);
  mkdirSync(join(box.folder, 'docker'), { recursive: true });
  writeFileSync(join(box.folder, 'docker/red-mariadb'), '');
  const red = await box.run('install.sh', LOCAL, { BASTIDE_HEALTH_TIMEOUT: '2' });
  t.is(red.code, 40, red.out);
  t.regex(red.out, /WHAT {2}mariadb did not become healthy within 2 s/);
  t.regex(red.out, /its healthcheck said: connection refused/);
  t.regex(red.out, /its log: Error: cannot open the tablespace/);
  rmSync(join(box.folder, 'docker/red-mariadb'));
  writeFileSync(join(box.folder, 'docker/fails-migrate'), '');
  const failed = await box.run('install.sh', LOCAL);
  t.is(failed.code, 50, failed.out);
  rmSync(join(box.folder, 'docker/fails-migrate'));
  t.is((await box.run('install.sh', LOCAL)).code, 0);
});

asRoot('uninstalling asks for the domain, keeps data by default, and is done only once', async (t) => {
  const box = sandbox(t);
  t.is((await box.run('install.sh', LOCAL)).code, 0);
  const installed = box.snapshot();
  t.is((await box.run('uninstall.sh', ['--dry-run', '--delete-data'])).code, 0);
  t.deepEqual(box.snapshot(), installed);
  const wrong = await box.run('uninstall.sh', ['--yes-delete', 'other.example.com']);
  t.is(wrong.code, 10, wrong.out);
  t.deepEqual(box.snapshot(), installed);
  t.is((await box.run('uninstall.sh')).code, 0);
  t.true(existsSync(box.path('secrets/encryption_key')));
  t.regex((await box.run('uninstall.sh')).out, /Nothing to remove/);
  t.is((await box.run('uninstall.sh', ['--yes-delete', 'bastide.localhost'])).code, 0);
  t.false(existsSync(box.path('secrets')));
  t.false(existsSync(box.path('.env')));
});
