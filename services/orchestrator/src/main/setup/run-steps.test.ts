import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { pino } from 'pino';
import { SetupFailure } from './failure.ts';
import { type ReadyStep, runSteps } from './run-steps.ts';

const log = pino({ level: 'silent' });

async function start(t: ExecutionContext, { refusals = 0 } = {}) {
  let left = refusals;
  const server = createServer((_, response) => response.writeHead(left-- > 0 ? 503 : 200).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const lines: string[] = [];
  const ran: string[] = [];
  const step = (name: string, more: Partial<ReadyStep> = {}): ReadyStep => ({
    name,
    service: name,
    url,
    plan: () => Promise.resolve([{ what: `+ ${name}` }]),
    apply: () => {
      ran.push(name);
      return Promise.resolve([{ what: `+ ${name}` }]);
    },
    ...more,
  });
  const run = { mode: 'apply', timeoutMs: 5000, log, print: (line: string) => lines.push(line) } as const;
  return { lines, ran, step, run };
}

test('runs the steps in order and says what each did', async (t) => {
  const { lines, ran, step, run } = await start(t);
  const { changes, failures } = await runSteps([step('lago'), step('keycloak')], run);
  t.deepEqual(ran, ['lago', 'keycloak']);
  t.is(changes, 2);
  t.deepEqual(failures, []);
  t.deepEqual(lines, ['✔ lago: 1 change', '    + lago', '✔ keycloak: 1 change', '    + keycloak']);
});

test('a plan applies nothing', async (t) => {
  const { ran, step, run } = await start(t);
  t.is((await runSteps([step('lago')], { ...run, mode: 'plan' })).changes, 1);
  t.deepEqual(ran, []);
});

test('waits for a service that is starting, and says what for', async (t) => {
  const { lines, step, run } = await start(t, { refusals: 2 });
  t.is((await runSteps([step('lago')], run)).changes, 1);
  t.regex(lines[0] ?? '', /^… lago: waiting for lago .*503/);
});

test('a service that never answers is one failure with its log, and the other steps are done', async (t) => {
  const { ran, step, run } = await start(t);
  const down = step('keycloak', { url: 'http://127.0.0.1:1/' });
  const { failures } = await runSteps([down, step('lago')], { ...run, timeoutMs: 1 });
  t.is(failures.length, 1);
  t.regex(failures[0]?.fix ?? '', /docker compose logs keycloak/);
  t.deepEqual(ran, ['lago']);
});

test('what needs a step that failed is left out; its own words are kept', async (t) => {
  const { lines, ran, step, run } = await start(t);
  const failure = new SetupFailure({ what: 'w', why: 'y', fix: 'f' });
  const broken = step('lago', { apply: () => Promise.reject(failure) });
  const odd = step('objectstore', { apply: () => Promise.reject(new Error('boom')) });
  const { failures } = await runSteps([broken, odd, step('catalogue', { after: 'lago' }), step('keycloak')], run);
  t.is(failures[0], failure);
  t.like(failures[1], { why: 'boom' });
  t.deepEqual(ran, ['keycloak']);
  t.true(lines.includes('- catalogue: left out, because lago failed'));
});
