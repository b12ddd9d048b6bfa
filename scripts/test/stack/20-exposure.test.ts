/** What of the stack can be reached, and from where. */
import test from 'ava';
import { type Container, containers } from './support/docker.ts';
import { ensureInstalled } from './support/installation.ts';
import { httpPort, httpsPort, project } from './support/setting.ts';
import { run } from './support/shell.ts';

const STORES = { mariadb: 3306, postgres: 5432, 'valkey-queue': 6379, 'valkey-cache': 6379, objectstore: 9000 };
let all: Map<string, Container>;

test.before('a stack', async () => {
  await ensureInstalled();
  all = await containers();
});

test('the ports of the edge are published on the loopback, and no other', (t) => {
  const published = [...all].flatMap(([service, { NetworkSettings }]) =>
    Object.values(NetworkSettings.Ports).flatMap((hosts) =>
      (hosts ?? []).map(({ HostIp, HostPort }) => `${service} ${HostIp}:${HostPort}`),
    ),
  );
  t.deepEqual(
    [...new Set(published)].sort(),
    [`traefik 127.0.0.1:${httpPort}`, `traefik 127.0.0.1:${httpsPort}`].sort(),
  );
});

test('from the network of the edge no store can be reached, by name or by address', async (t) => {
  const targets = Object.entries(STORES).flatMap(([service, port]) => [
    `${service}:${port}`,
    ...addresses(service).map((address) => `${address}:${port}`),
  ]);
  t.deepEqual(await reachable('frontend', targets), []);
  // The same look sees what is there.
  t.deepEqual(await reachable('frontend', ['api:4000', 'gateway:4002']), ['api:4000', 'gateway:4002']);
});

test('from the network of the benches nothing of ours but the stores they need can be reached', async (t) => {
  const targets = ['api:4000', 'gateway:4002', 'keycloak:8080', 'lago-api:3000', 'postgres:5432', 'objectstore:9000'];
  t.deepEqual(await reachable('sites', targets), []);
  t.deepEqual(await reachable('sites', ['mariadb:3306']), ['mariadb:3306']);
});

test('networks without a way out have none', async (t) => {
  const outside = addresses('outside').map((address) => `${address}:8009`);
  for (const network of ['backend', 'storage', 'monitoring', 'sites', 'docker'])
    t.deepEqual(await reachable(network, outside), [], network);
  t.true((await reachable('egress', outside)).length > 0);
});

test('the Docker socket answers to one network, and only to be read', async (t) => {
  for (const network of ['frontend', 'backend', 'monitoring', 'sites'])
    t.deepEqual(await reachable(network, ['socket-proxy:2375']), [], network);
  // In the place of its one client, from whose address alone the real proxy takes questions.
  const ask = async (method: string, path: string) => {
    const script = `const r=await fetch('http://socket-proxy:2375${path}',{method:'${method}',signal:AbortSignal.timeout(5000)});process.stdout.write(String(r.status))`;
    const { output } = await runNode(`container:${idOf('alloy')}`, ['--input-type=module', '-e', script]);
    return output;
  };
  t.is(await ask('GET', '/v1.41/containers/json'), '200');
  t.is(await ask('POST', '/v1.41/containers/create'), '403');
  t.is(await ask('POST', `/v1.41/containers/${idOf('api')}/exec`), '403');
  t.is(await ask('GET', `/v1.41/containers/${idOf('api')}/archive?path=/run/secrets`), '403');
  t.is(await ask('GET', '/v1.41/images/json'), '403');
});

test('only one service has the socket, and none is privileged', (t) => {
  const withSocket = [...all]
    .filter(([, one]) => JSON.stringify(one).includes('docker.sock'))
    .map(([service]) => service);
  t.deepEqual(withSocket, ['socket-proxy']);
});

const idOf = (service: string) => all.get(service)?.Id ?? '';

function addresses(service: string): string[] {
  const networks = all.get(service)?.NetworkSettings.Networks ?? {};
  return Object.values(networks)
    .map(({ IPAddress }) => IPAddress)
    .filter(Boolean);
}

/** Which of `host:port` take a connection from a fresh container on this network alone. */
async function reachable(network: string, targets: string[]): Promise<string[]> {
  const script = `
    const net = require('node:net');
    // A name that nobody has takes Docker's resolver half a minute on a network without a way out.
    setTimeout(() => process.exit(), 4000);
    for (const target of process.argv.slice(1)) {
      const [host, port] = target.split(':');
      const socket = net.connect(Number(port), host);
      socket.setTimeout(3000, () => socket.destroy());
      socket.on('error', () => undefined);
      socket.on('connect', () => { console.log(target); socket.destroy(); });
    }`;
  const { output } = await runNode(`${project}_${network}`, ['-e', script, ...targets]);
  const answered = new Set(output.split('\n').filter(Boolean));
  return targets.filter((target) => answered.has(target));
}

/** A fresh container with Node, which our own image has, on one network alone. */
const runNode = (network: string, args: string[]) =>
  run('docker', ['run', '--rm', '--network', network, '--entrypoint', 'node', all.get('api')?.Image ?? '', ...args]);
