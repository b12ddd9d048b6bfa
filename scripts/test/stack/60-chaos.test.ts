/** Every process is killed once, without being asked. */
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { container, containers, healthy } from './support/docker.ts';
import { ensureInstalled } from './support/installation.ts';
import { Customer } from './support/visit.ts';

/** Together, so that it does not take an hour; those that lean on each other are in different waves. */
const WAVES = [
  ['mariadb', 'socket-proxy', 'grafana'],
  ['postgres', 'dashboard', 'bench-websocket', 'alertmanager'],
  ['valkey-queue', 'loki', 'bench-nginx'],
  ['valkey-cache', 'traefik', 'backup'],
  ['objectstore', 'lago-api', 'prometheus'],
  ['keycloak', 'bench-worker', 'lago-clock'],
  ['api', 'bench-scheduler', 'alloy', 'lago-worker'],
  ['worker', 'bench-backend'],
  ['gateway', 'bench-runner'],
];

let customer: Customer;
let belongings: unknown;

test.before('a stack with somebody in it', async () => {
  await ensureInstalled();
  customer = await Customer.comesBack();
  await customer.looksAroundSoon();
  belongings = await customer.belongings();
});

test('no service is left out', async (t) => {
  const running = [...(await containers())].filter(([, { State }]) => State.Running).map(([service]) => service);
  const waves = new Set(WAVES.flat());
  t.deepEqual(
    running.filter((service) => !waves.has(service) && service !== 'outside'),
    [],
  );
});

for (const wave of WAVES)
  test(`killed: ${wave.join(', ')}`, async (t) => {
    const before = new Map<string, string>();
    for (const service of wave) before.set(service, await killed(service));
    for (const service of wave) await restarted(service, before.get(service) ?? '');
    const tookMs = await healthy(`after the end of ${wave.join(', ')}`);
    await customer.looksAroundSoon();
    t.log(`healed ${Math.round(tookMs / 1000)} s after the restart`);
    t.deepEqual(await customer.belongings(), belongings);
  });

/**
 * The first process of the container, from outside: `docker kill` counts as a wish of the operator's, after which
 * `unless-stopped` leaves the container alone.
 */
async function killed(service: string): Promise<string> {
  const { State } = await container(service);
  process.kill(State.Pid, 'SIGKILL');
  return State.StartedAt;
}

async function restarted(service: string, startedBefore: string): Promise<void> {
  for (const from = Date.now(); ;) {
    const { State } = await container(service);
    if (State.Running && State.StartedAt !== startedBefore) return;
    if (Date.now() - from > 60_000) throw new Error(`${service} was not started again: ${State.Status}`);
    await sleep(300);
  }
}
