import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ROOT } from './monitoring/rules.ts';
import { startSmtpSink } from './monitoring/smtp-sink.ts';

const SOURCE = join(ROOT, 'services/alertmanager');

/** Like the container: secrets as files, the settings as environment. */
function installation(t: ExecutionContext, secrets: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'bastide-alertmanager.'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(SOURCE, join(folder, 'etc'), { recursive: true });
  mkdirSync(join(folder, 'secrets'));
  for (const [name, value] of Object.entries(secrets)) writeFileSync(join(folder, 'secrets', name), value);
  return folder;
}

const environment = (folder: string, settings: Record<string, string>) => ({
  PATH: `${folder}/bin:${process.env['PATH'] ?? ''}`,
  SECRETS_DIR: join(folder, 'secrets'),
  ALERTMANAGER_DIR: join(folder, 'etc'),
  RENDERED: join(folder, 'alertmanager.yml'),
  ...settings,
});

function render(folder: string, settings: Record<string, string>) {
  const run = spawnSync('sh', [join(folder, 'etc/start.sh'), '--render'], {
    env: environment(folder, settings),
    encoding: 'utf8',
  });
  writeFileSync(join(folder, 'rendered.yml'), run.stdout);
  return { config: run.stdout, warnings: run.stderr };
}

const MAIL = {
  ALERT_EMAIL: 'ops@example.test, night@example.test',
  SMTP_HOST: 'relay.example.test',
  DOMAIN: 'example.test',
};

test('every combination of mail, credentials, webhook and heartbeat is a valid configuration', (t) => {
  const folder = installation(t);
  const settings: Record<string, string>[] = [
    {},
    { ...MAIL, SMTP_PORT: '25' },
    { ...MAIL, SMTP_PORT: '587', SMTP_USER: 'relay' },
    {
      ...MAIL,
      SMTP_PORT: '465',
      SMTP_USER: "o'hara",
      BRAND_NAME: "O'Hara {{ .Secret }} & Co",
      MAIL_FROM: 'Bastide <no-reply@example.test>',
    },
    { ...MAIL, SMTP_PORT: '2525', SMTP_REQUIRE_TLS: 'true', ALERT_HEARTBEAT_URL: 'https://beat.example.test/x' },
  ];
  for (const secrets of [
    { smtp_password: '', alert_webhook_url: '' },
    { smtp_password: "p'w", alert_webhook_url: "https://hook.example.test/it's?a=1#b" },
  ])
    for (const setting of settings) {
      for (const [name, value] of Object.entries(secrets)) writeFileSync(join(folder, 'secrets', name), value);
      const { config, warnings } = render(folder, setting);
      const told = 'ALERT_EMAIL' in setting || secrets.alert_webhook_url !== '';
      t.is(warnings === '', told, warnings);
      t.false(config.includes("p'w"), 'the password stays in its file');
      const out = execFileSync('amtool', ['check-config', join(folder, 'rendered.yml')], { encoding: 'utf8' });
      t.regex(out, /SUCCESS/);
    }
});

test('a password never travels over a connection that has not changed to TLS', (t) => {
  const folder = installation(t, { smtp_password: 'pw' });
  const tls = (port: string, more = {}) =>
    /smtp_require_tls: (\w+)/.exec(render(folder, { ...MAIL, SMTP_PORT: port, SMTP_USER: 'u', ...more }).config)?.[1];
  t.deepEqual(
    [tls('587'), tls('465'), tls('25'), tls('25', { SMTP_REQUIRE_TLS: 'true' })],
    ['true', 'true', 'false', 'true'],
  );
});

test('critical alerts come first, sites in one message, the watchdog only to the heartbeat', (t) => {
  const folder = installation(t);
  render(folder, { ...MAIL, ALERT_HEARTBEAT_URL: 'https://beat.example.test/x' });
  const receiver = (...labels: string[]) =>
    execFileSync('amtool', ['config', 'routes', 'test', `--config.file=${join(folder, 'rendered.yml')}`, ...labels], {
      encoding: 'utf8',
    }).trim();
  t.is(receiver('alertname=Watchdog', 'severity=none'), 'heartbeat');
  t.is(receiver('alertname=ApiDown', 'severity=critical', 'area=platform'), 'operator');
  t.is(receiver('alertname=SiteDown', 'severity=warning', 'area=sites'), 'operator');
});

test('what inhibits and what is inhibited are alerts that exist', (t) => {
  const known = new Set(
    [
      'availability',
      'api',
      'backups',
      'billing',
      'edge',
      'gateway',
      'host',
      'monitoring',
      'queues',
      'sites',
      'stores',
    ].flatMap((file) =>
      [...readFileSync(join(ROOT, `services/prometheus/rules/${file}.yml`), 'utf8').matchAll(/alert: (\w+)/g)].map(
        ([, name]) => name,
      ),
    ),
  );
  const routes = readFileSync(join(SOURCE, 'routes.yml'), 'utf8');
  const named = [...routes.matchAll(/alertname=~?"([^"]+)"/g)].flatMap(([, names = '']) => names.split('|'));
  t.true(named.length > 20);
  t.deepEqual(
    named.filter((name) => !known.has(name)),
    [],
  );
});

const ALERTS = {
  firing: {
    labels: { alertname: 'DiskFull', severity: 'critical', area: 'host' },
    annotations: {
      summary: 'Only 4 % of / is free.',
      description: 'Databases stop <when> the disk is full.',
      action: 'docker system df',
      runbook: 'docs/runbook.md#diskfull',
    },
  },
  explained: {
    labels: { alertname: 'DiskWillFill', severity: 'warning', area: 'host' },
    annotations: { summary: 'Tomorrow.', description: 'd', action: 'a', runbook: 'r' },
  },
  watchdog: {
    labels: { alertname: 'Watchdog', severity: 'none', area: 'monitoring' },
    annotations: { summary: 'Alerting works.' },
  },
};

test('an alert arrives by mail and webhook, says what to do, and what it explains is not sent', async (t) => {
  t.timeout(90_000);
  const sink = await startSmtpSink();
  const posts: { path: string; body: string }[] = [];
  const hook = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      posts.push({ path: request.url ?? '', body });
      response.end();
    });
  });
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
  const hookUrl = `http://127.0.0.1:${(hook.address() as AddressInfo).port}`;
  const folder = installation(t, { alert_webhook_url: `${hookUrl}/alerts` });
  // The same routes, without the patience.
  const routes = join(folder, 'etc/routes.yml');
  writeFileSync(routes, readFileSync(routes, 'utf8').replace(/group_wait: .+/g, 'group_wait: 1s'));
  mkdirSync(join(folder, 'bin'));
  symlinkSync(which('alertmanager', 'prometheus-alertmanager'), join(folder, 'bin/alertmanager'));
  const port = 20_000 + (process.pid % 20_000);
  const settings = {
    ALERT_EMAIL: 'ops@example.test',
    SMTP_HOST: '127.0.0.1',
    SMTP_PORT: String(sink.port),
    DOMAIN: 'example.test',
    BRAND_NAME: 'Acme',
    ALERT_HEARTBEAT_URL: `${hookUrl}/beat`,
  };
  const alertmanager = spawn(
    'sh',
    [
      join(folder, 'etc/start.sh'),
      `--storage.path=${folder}/data`,
      '--cluster.listen-address=',
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { env: environment(folder, settings), stdio: 'ignore' },
  );
  t.teardown(() => {
    alertmanager.kill('SIGKILL');
    sink.close();
    hook.close();
  });

  const send = (alerts: object[]) =>
    fetch(`http://127.0.0.1:${port}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(alerts),
    });
  await until('alertmanager', async () => (await send(Object.values(ALERTS)).catch(() => undefined))?.ok);
  const mail = await until('the mail', () => sink.mails[0]);
  const plain = decode(mail.text);
  t.deepEqual(mail.to, ['ops@example.test']);
  t.regex(plain, /Subject: .*\[Acme\] CRITICAL: Only 4 % of \/ is free\./);
  for (const part of [
    'docker system df',
    'docs/runbook.md#diskfull',
    'https://grafana.example.test/alerting/list',
    'width=device-width',
    'stop &lt;when&gt; the disk',
  ])
    t.true(plain.includes(part), part);

  const posted = await until('the webhook', () => posts.find(({ path }) => path === '/alerts'));
  t.like(JSON.parse(posted.body), { status: 'firing', commonLabels: { alertname: 'DiskFull' } });
  await until('the heartbeat', () => posts.find(({ path }) => path === '/beat'));
  await new Promise((resolve) => setTimeout(resolve, 2500));
  t.false(
    sink.mails.some(({ text }) => decode(text).includes('Tomorrow.')),
    'DiskFull explains DiskWillFill',
  );
  t.false(sink.mails.some(({ text }) => decode(text).includes('Alerting works')));
});

function which(...names: string[]): string {
  for (const name of names) {
    const found = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim();
    if (found !== '') return found;
  }
  throw new Error(`None of ${names.join(', ')} is installed (Debian: prometheus-alertmanager)`);
}

/** Quoted-printable and the folding of long header lines undone, as far as this test needs it. */
const decode = (text: string): string =>
  Buffer.from(
    text
      .replace(/=\r\n/g, '')
      .replace(/\r\n[ \t]/g, ' ')
      .replace(/=\?utf-8\?q\?([^?]*)\?=/gi, (_, inner: string) => inner.replaceAll('_', ' '))
      .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  ).toString('utf8');

async function until<T>(what: string, probe: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  const deadline = Date.now() + 40_000;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`Gave up waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
