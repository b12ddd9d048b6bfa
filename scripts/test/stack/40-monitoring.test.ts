import test from 'ava';
import { until } from '../../tour/client.ts';
import { compose, container, healthy } from './support/docker.ts';
import { OPERATOR, ensureInstalled } from './support/installation.ts';
import { account } from './support/tour.ts';

interface Target {
  labels: { job: string; instance: string };
  health: string;
  lastError: string;
}
interface Alert {
  status: string;
  alerts: { status: string; labels: { alertname: string } }[];
}

const json = async <T>(url: string) => (await (await fetch(url)).json()) as T;
const query = async (expression: string) =>
  (
    await json<{ data: { result: { metric: Record<string, string>; value: [number, string] }[] } }>(
      `http://prometheus:9090/api/v1/query?query=${encodeURIComponent(expression)}`,
    )
  ).data.result;

test.before('a stack in use', async () => {
  await ensureInstalled();
  await account();
});

test('Prometheus reaches every target', async (t) => {
  let last: Target[] = [];
  await until(
    'all targets to be up',
    async () => {
      const { data } = await json<{ data: { activeTargets: Target[] } }>(
        'http://prometheus:9090/api/v1/targets?state=active',
      );
      last = data.activeTargets;
      return last.length > 10 && last.every(({ health }) => health === 'up');
    },
    150_000,
  ).catch(() => undefined);
  t.deepEqual(
    last
      .filter(({ health }) => health !== 'up')
      .map(({ labels, lastError }) => `${labels.job} ${labels.instance}: ${lastError}`),
    [],
  );
  const jobs = [...new Set(last.map(({ labels }) => labels.job))].sort();
  t.log(`${last.length} targets up: ${jobs.join(', ')}`);
  for (const job of ['api', 'worker', 'gateway', 'bench-runner']) t.true(jobs.includes(job), job);
});

test('what they say is stored: databases, queues and probes are up', async (t) => {
  for (const metric of ['mysql_up', 'pg_up', 'redis_up']) {
    const values = await until(metric, async () => {
      const result = await query(metric);
      return result.length > 0 && result.every(({ value }) => value[1] === '1') && result;
    });
    t.true(values.length > 0);
  }
});

test('no rule fails to be evaluated', async (t) => {
  const { data } = await json<{
    data: { groups: { rules: { name: string; health: string; lastError?: string }[] }[] };
  }>('http://prometheus:9090/api/v1/rules');
  const rules = data.groups.flatMap((group) => group.rules);
  t.true(rules.length > 20);
  t.deepEqual(
    rules.filter(({ health }) => health === 'err').map(({ name, lastError }) => `${name}: ${lastError}`),
    [],
  );
});

test("a container's log line arrives in Loki, through the filtered socket", async (t) => {
  const lines = await until('lines of the API', async () => {
    const { data } = await json<{ data: { result: unknown[] } }>(
      `http://loki:3100/loki/api/v1/query_range?query=${encodeURIComponent('{service="api"}')}`,
    );
    return data.result.length > 0 && data.result;
  });
  t.true(lines.length > 0);
});

test('a service that is down raises an alert, which arrives as webhook and as mail', async (t) => {
  const from = Date.now();
  await compose('stop', 'gateway');
  try {
    const fired = await until(
      'the webhook of GatewayDown',
      async () => {
        const received = await json<{ body: Alert }[]>('http://outside:8013/alerts');
        return received.some(({ body }) =>
          body.alerts.some((one) => one.labels.alertname === 'GatewayDown' && one.status === 'firing'),
        );
      },
      330_000,
    );
    t.true(fired);
    t.log(`GatewayDown arrived as webhook ${Math.round((Date.now() - from) / 1000)} s after the gateway had stopped`);
    const mail = await until('the mail', async () => {
      const { items } = await json<{ items: { subject: string; text: string }[] }>(
        `http://outside:8009/api/mails?to=${encodeURIComponent(OPERATOR)}`,
      );
      return items.find(
        ({ subject, text }) =>
          `${subject} ${text}`.includes('GatewayDown') || /gateway does not answer/i.test(`${subject} ${text}`),
      );
    });
    t.log(`and as mail: ${mail.subject}`);
  } finally {
    await compose('start', 'gateway');
    await healthy('after the alert');
  }
  t.truthy((await container('gateway')).State.Running);
});
