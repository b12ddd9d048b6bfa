import { execFile, spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

interface Outcome {
  code: number;
  out: string;
}

function run(command: string, args: string[], env: Record<string, string>): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(command, args, { env: { ...process.env, ...env }, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), out: stdout + stderr });
    });
  });
}

/**
 * A server with the appliance's tree and a scripts/upgrade.sh that does as it is told, and an `ssh` that is the forced command
 * of its authorized_keys: what reaches the door is what a real sshd would put into SSH_ORIGINAL_COMMAND.
 */
function startServer(t: ExecutionContext) {
  const folder = mkdtempSync(join(tmpdir(), 'bastide-door-'));
  t.teardown(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const tree = join(folder, 'bastide');
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
    chmodSync(join(folder, path), 0o755);
  };
  const read = (path: string) => (existsSync(join(folder, path)) ? readFileSync(join(folder, path), 'utf8') : '');
  cpSync(join(ROOT, 'scripts/ci'), join(tree, 'scripts/ci'), { recursive: true });
  cpSync(join(ROOT, 'scripts/lib/common.sh'), join(tree, 'scripts/lib/common.sh'));
  write('bastide/package.json', '{\n  "name": "bastide",\n  "version": "1.0.0"\n}\n');
  write(
    'bastide/scripts/upgrade.sh',
    `#!/usr/bin/env bash
echo "upgrade.sh $*"
echo "$*" >>${folder}/asked
set_version() { sed -i -E 's/"version": "[^"]+"/"version": "'"$1"'"/' ${tree}/package.json; }
[[ ! -f ${folder}/slow ]] || sleep 3
status=$(cat ${folder}/status 2>/dev/null || echo 0)
if [[ $1 == --rollback ]]; then set_version 1.0.0; exit "$(cat ${folder}/rollback-status 2>/dev/null || echo 0)"; fi
[[ $status != 0 ]] || set_version "$2"
echo 'upgrade.sh is done'
exit "$status"
`,
  );
  // Smoke: one line of `smoke` an attempt, the last one for ever.
  write(
    'bastide/scripts/ci/smoke.sh',
    `#!/usr/bin/env bash
echo "smoke $1" >>${folder}/asked
answer=$(head -1 ${folder}/smoke 2>/dev/null || echo 0)
[[ $(wc -l <${folder}/smoke 2>/dev/null) -le 1 ]] || sed -i 1d ${folder}/smoke
exit "\${answer:-0}"
`,
  );
  write('bin/sudo', '#!/usr/bin/env bash\nshift\nexec "$@"\n');
  write(
    'bin/ssh',
    `#!/usr/bin/env bash
for argument; do [[ $argument != -i ]] || next=1; [[ -z \${key:-} && \${next:-} == 2 ]] && key=$argument; [[ -z \${next:-} ]] || next=2; done
stat -c %a "$key" >${folder}/key-mode
echo "$*" >>${folder}/ssh
export SSH_ORIGINAL_COMMAND=\${!#}
if [[ -f ${folder}/break && $SSH_ORIGINAL_COMMAND == upgrade* ]]; then
  timeout 1 ${tree}/scripts/ci/door.sh
  exit 255
fi
exec ${tree}/scripts/ci/door.sh
`,
  );
  const env = { PATH: `${folder}/bin:${process.env['PATH'] ?? ''}`, XDG_STATE_HOME: join(folder, 'state') };
  return {
    folder,
    write,
    read,
    door: (asked: string) => run(join(tree, 'scripts/ci/door.sh'), [], { ...env, SSH_ORIGINAL_COMMAND: asked }),
    doorKilledAfter: async (asked: string, ms: number) => {
      const client = spawn(join(tree, 'scripts/ci/door.sh'), {
        env: { ...process.env, ...env, SSH_ORIGINAL_COMMAND: asked },
      });
      const ended = new Promise((resolve) => client.on('exit', resolve));
      await sleep(ms);
      client.stdout.destroy();
      client.kill('SIGKILL');
      await ended;
    },
    deploy: (...args: string[]) =>
      run(join(tree, 'scripts/ci/deploy.sh'), args, {
        ...env,
        DEPLOY_HOST: 'server.test',
        DEPLOY_DOMAIN: 'cloud.test',
        DEPLOY_USER: '',
        DEPLOY_PORT: '',
        DEPLOY_SSH_KEY: 'a key',
        DEPLOY_KNOWN_HOSTS: 'server.test ssh-ed25519 AAAA',
        DEPLOY_RETRY_SECONDS: '1',
        GITHUB_STEP_SUMMARY: join(folder, 'summary'),
        GITHUB_ACTIONS: '',
      }),
  };
}

test('the door lets nothing through but a version to upgrade to, a rollback, and two questions', async (t) => {
  const server = startServer(t);
  const refused = [
    '',
    'bash -i',
    'upgrade',
    'upgrade latest',
    'upgrade 1.1.0; id',
    'upgrade 1.1.0\nid',
    'upgrade $(id)',
    'upgrade ../../tmp/x',
    'upgrade 1.1.0 --force',
    ' upgrade 1.1.0',
    'rollback --to 1.0.0',
    'scp -t /tmp',
  ];
  for (const asked of refused) {
    const { code, out } = await server.door(asked);
    t.is(code, 20, asked);
    t.regex(out, /^Refused/);
  }
  t.is(server.read('asked'), '');
  t.deepEqual(await server.door('version'), { code: 0, out: '1.0.0\n' });
  t.is((await server.door('upgrade 1.1.0-rc.1')).code, 0);
  t.is(server.read('asked'), '--to 1.1.0-rc.1\n');
});

test('the door shows the words and the status of upgrade.sh', async (t) => {
  const server = startServer(t);
  server.write('status', '80');
  const { code, out } = await server.door('upgrade 1.1.0');
  t.is(code, 80);
  t.regex(out, /upgrade\.sh --to 1\.1\.0\n[^]*is done/);
});

test('an upgrade goes on when the connection breaks, a second one is refused meanwhile, and `wait` tells how it ended', async (t) => {
  const server = startServer(t);
  server.write('slow', '');
  await server.doorKilledAfter('upgrade 1.1.0', 1000);
  t.is((await server.door('upgrade 1.2.0')).code, 75);
  const waited = await server.door('wait');
  t.is(waited.code, 0);
  t.regex(waited.out, /is done/);
  t.is((await server.door('wait')).code, 0, 'asking twice is the same');
  t.is(server.read('asked'), '--to 1.1.0\n');
});

test('an upgrade that was cut off with its machine is not taken for a good one', async (t) => {
  const server = startServer(t);
  server.write('slow', '');
  await server.doorKilledAfter('upgrade 1.1.0', 500);
  process.kill(-Number(server.read('state/bastide-door/pid')), 'SIGKILL');
  const { code, out } = await server.door('wait');
  t.is(code, 75);
  t.regex(out, /left no status/);
});

test('a deployment ends well when the server runs the version and looks well from outside', async (t) => {
  const server = startServer(t);
  const { code, out } = await server.deploy('upgrade', '1.1.0');
  t.is(code, 0, out);
  t.is(server.read('asked'), '--to 1.1.0\nsmoke cloud.test\n');
  t.regex(server.read('summary'), /cloud\.test runs 1\.1\.0 \(before: 1\.0\.0\)/);
  t.is(server.read('key-mode').trim(), '600');
  t.regex(server.read('ssh'), /StrictHostKeyChecking=yes .*bastide@server\.test version/);
});

test('deploying the same version twice is harmless', async (t) => {
  const server = startServer(t);
  t.is((await server.deploy('upgrade', '1.1.0')).code, 0);
  t.is((await server.deploy('upgrade', '1.1.0')).code, 0);
});

test('a version that is not well from outside is taken back', async (t) => {
  const server = startServer(t);
  server.write('smoke', '1\n0\n');
  const { code, out } = await server.deploy('upgrade', '1.1.0');
  t.is(code, 80, out);
  t.is(server.read('asked'), '--to 1.1.0\nsmoke cloud.test\n--rollback\nsmoke cloud.test\n');
  t.regex(server.read('summary'), /1\.1\.0 was taken back: cloud\.test runs 1\.0\.0 again/);
});

test('a version that is not well and cannot be taken back is loud', async (t) => {
  const server = startServer(t);
  server.write('smoke', '1\n');
  t.is((await server.deploy('upgrade', '1.1.0')).code, 81);
  server.write('rollback-status', '81');
  const { code, out } = await server.deploy('rollback');
  t.is(code, 81);
  t.regex(out, /WHAT {2}The rollback of cloud\.test ended with status 81/);
});

test('a rollback by upgrade.sh itself is told apart from one that failed and from an upgrade that never began', async (t) => {
  const server = startServer(t);
  server.write('status', '80');
  const back = await server.deploy('upgrade', '1.1.0');
  t.is(back.code, 80);
  t.regex(back.out, /cloud\.test still runs 1\.0\.0/);
  server.write('status', '81');
  t.is((await server.deploy('upgrade', '1.1.0')).code, 81);
  server.write('status', '10');
  const refused = await server.deploy('upgrade', '1.1.0');
  t.is(refused.code, 10);
  t.regex(refused.out, /was not upgraded/);
  t.notRegex(server.read('asked'), /--rollback/);
});

test('a broken connection is asked again, and the upgrade runs once', async (t) => {
  const server = startServer(t);
  server.write('slow', '');
  server.write('break', '');
  const { code, out } = await server.deploy('upgrade', '1.1.0');
  t.is(code, 0, out);
  t.regex(out, /connection broke/);
  t.is(server.read('asked'), '--to 1.1.0\nsmoke cloud.test\n');
});

test('a deployment by hand takes production back', async (t) => {
  const server = startServer(t);
  await server.deploy('upgrade', '1.1.0');
  const { code, out } = await server.deploy('rollback', '');
  t.is(code, 0, out);
  t.regex(server.read('bastide/package.json'), /"version": "1\.0\.0"/);
});

test('a deployment says which of its settings is missing', async (t) => {
  const { code, out } = await run(join(ROOT, 'scripts/ci/deploy.sh'), ['upgrade', '1.1.0'], {
    DEPLOY_HOST: 'server.test',
    DEPLOY_DOMAIN: '',
    GITHUB_ACTIONS: '',
  });
  t.is(code, 20);
  t.regex(out, /WHAT {2}DEPLOY_DOMAIN is not set/);
});

const SMOKE = join(ROOT, 'scripts/ci/smoke.sh');

type Pages = Record<string, (response: ServerResponse) => void>;

const page =
  (status: number, headers: Record<string, string>, body = '') =>
  (response: ServerResponse) => {
    response.writeHead(status, headers).end(body);
  };
const html = page(
  200,
  { 'content-type': 'text/html', 'strict-transport-security': 'max-age=31536000' },
  '<!doctype html><html>',
);
const HEALTHY: Pages = {
  'app.cloud.test/': html,
  'status.cloud.test/': html,
  'api.cloud.test/v1/plans': page(200, { 'content-type': 'application/json' }, '{"plans":[]}'),
  'api.cloud.test/v1/tenant': page(401, { 'content-type': 'application/json' }, '{"error":{"code":"auth.required"}}'),
  'llm.cloud.test/v1/models': page(401, { 'content-type': 'application/json' }, '{"error":{}}'),
  'auth.cloud.test/realms/cloud/.well-known/openid-configuration': page(
    200,
    { 'content-type': 'application/json' },
    '{"issuer":"https://auth.cloud.test/realms/cloud"}',
  ),
};

/** An edge with its own authority, as TLS_MODE=local has one. */
async function startEdge(t: ExecutionContext, pages: Pages) {
  const folder = mkdtempSync(join(tmpdir(), 'bastide-edge-'));
  const made = await run(
    'openssl',
    // prettier-ignore
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1', '-subj', '/CN=test',
     '-addext', 'subjectAltName=DNS:*.cloud.test', '-keyout', join(folder, 'key'), '-out', join(folder, 'cert')],
    {},
  );
  t.is(made.code, 0, made.out);
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const found = pages[`${request.headers.host ?? ''}${request.url ?? ''}`] ?? page(404, {});
    found(response);
  };
  const servers: Server[] = [
    createServer((request, response) => {
      page(308, { location: `https://${request.headers.host ?? ''}${request.url ?? ''}` })(response);
    }),
    createTlsServer({ key: readFileSync(join(folder, 'key')), cert: readFileSync(join(folder, 'cert')) }, answer),
  ];
  for (const server of servers) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const server of servers) server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const [http, https] = servers.map((server) => (server.address() as AddressInfo).port);
  const address = ['cloud.test', '--connect', `127.0.0.1:${http}:${https}`];
  return {
    /** With a certificate that the machine trusts. */
    smoke: (...args: string[]) =>
      run(SMOKE, [...address, ...args], { CURL_CA_BUNDLE: join(folder, 'cert'), GITHUB_ACTIONS: '' }),
    smokeFromElsewhere: (...args: string[]) => run(SMOKE, [...address, ...args], { GITHUB_ACTIONS: '' }),
    cert: join(folder, 'cert'),
  };
}

test('an appliance that is well passes the look from outside', async (t) => {
  const edge = await startEdge(t, HEALTHY);
  const { code, out } = await edge.smoke('--wait', '0');
  t.is(code, 0, out);
  t.is(out.match(/✔/g)?.length, 11);
});

test('a certificate that nobody trusts fails, unless it is the authority of a local installation', async (t) => {
  const edge = await startEdge(t, { ...HEALTHY, 'app.cloud.test/': page(200, {}, '<html>') });
  const { code, out } = await edge.smokeFromElsewhere('--wait', '0');
  t.is(code, 1);
  t.regex(out, /self-signed certificate/i);
  const local = await edge.smokeFromElsewhere('--wait', '0', '--local', edge.cert);
  t.is(local.code, 0, local.out);
  t.is(local.out.match(/✔/g)?.length, 10);
});

const FAULTS: { what: string; pages: Pages; told: RegExp }[] = [
  {
    what: 'the API is down',
    pages: { 'api.cloud.test/v1/plans': page(502, {}) },
    told: /from its database: .* gave 502/,
  },
  {
    what: 'the login has another issuer',
    pages: {
      'auth.cloud.test/realms/cloud/.well-known/openid-configuration': page(
        200,
        {},
        '{"issuer":"http://keycloak:8080/realms/cloud"}',
      ),
    },
    told: /names itself as issuer: /,
  },
  {
    what: "the login's administration is open",
    pages: { 'auth.cloud.test/admin/': html },
    told: /administration is closed: .* gave 200/,
  },
  {
    what: "the API's metrics are open",
    pages: { 'api.cloud.test/metrics': page(200, {}, 'up 1') },
    told: /API's metrics are closed/,
  },
  {
    what: 'the API lets anybody in',
    pages: { 'api.cloud.test/v1/tenant': page(200, {}, '{}') },
    told: /asks who is calling/,
  },
  { what: 'HSTS is missing', pages: { 'app.cloud.test/': page(200, {}, '<html>') }, told: /stay on HTTPS/ },
];
for (const { what, pages, told } of FAULTS) {
  test(`the look from outside tells that ${what}`, async (t) => {
    const edge = await startEdge(t, { ...HEALTHY, ...pages });
    const { code, out } = await edge.smoke('--wait', '0');
    t.is(code, 1, out);
    t.regex(out, told);
  });
}

test('the look from outside waits for what is still starting', async (t) => {
  const pages = { ...HEALTHY, 'api.cloud.test/v1/plans': page(503, {}) };
  const edge = await startEdge(t, pages);
  setTimeout(() => Object.assign(pages, HEALTHY), 1500);
  const { code, out } = await edge.smoke('--wait', '30');
  t.is(code, 0, out);
});
