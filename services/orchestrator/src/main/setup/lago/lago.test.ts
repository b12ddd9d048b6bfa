import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { pino } from 'pino';
import { startTestSandbox } from '#test/support/matrix-world.ts';
import { TEST_ENV, atEnd } from '#test/support/stack.ts';
import { SetupFailure } from '../failure.ts';
import { lagoStep } from './step.ts';

const log = pino({ level: 'silent' });

async function start(t: ExecutionContext) {
  const sandbox = await startTestSandbox(atEnd(t));
  const folder = mkdtempSync(join(tmpdir(), 'bastide-bootstrap-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const settings = {
    LAGO_API_URL: sandbox.urls.lago,
    OPERATOR_EMAIL: 'operator@example.test',
    LAGO_ADMIN_PASSWORD: 'pa"ss\\word',
    BOOTSTRAP_DIR: join(folder, 'made', 'here'),
  };
  return { settings, file: join(settings.BOOTSTRAP_DIR, 'lago_webhook_hmac_key') };
}

/** A Lago that gives this answer to everything. */
async function answering(t: ExecutionContext, status: number, body: string): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status).end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('writes the key that signs webhooks, readable for whoever mounts the folder', async (t) => {
  const { settings, file } = await start(t);
  t.is((await lagoStep.plan(settings, log)).length, 1);
  t.throws(() => statSync(file), undefined, 'a plan changes nothing');
  const [change] = await lagoStep.apply(settings, log);
  t.is(readFileSync(file, 'utf8'), TEST_ENV.LAGO_WEBHOOK_HMAC_KEY);
  t.is(statSync(file).mode & 0o777, 0o444);
  t.false(JSON.stringify(change).includes(TEST_ENV.LAGO_WEBHOOK_HMAC_KEY));
});

test('the second run changes nothing', async (t) => {
  const { settings, file } = await start(t);
  await lagoStep.apply(settings, log);
  const { mtimeMs, ino } = statSync(file);
  t.deepEqual(await lagoStep.apply(settings, log), []);
  t.like(statSync(file), { mtimeMs, ino });
});

test('replaces a key that is not Lago’s any more, and what a kill has left behind', async (t) => {
  const { settings, file } = await start(t);
  await lagoStep.apply(settings, log);
  rmSync(file);
  writeFileSync(file, 'old');
  writeFileSync(`${file}.new`, 'half a ke');
  t.regex((await lagoStep.apply(settings, log))[0]?.what ?? '', /^~ /);
  t.is(readFileSync(file, 'utf8'), TEST_ENV.LAGO_WEBHOOK_HMAC_KEY);
  t.deepEqual(readdirSync(settings.BOOTSTRAP_DIR), ['lago_webhook_hmac_key']);
});

const REFUSED = JSON.stringify({
  errors: [
    {
      message: 'Unprocessable Entity',
      extensions: { status: 422, details: { base: ['incorrect_login_or_password'] } },
    },
  ],
});

test('a password that was changed in Lago keeps nothing from starting: the known key stays', async (t) => {
  const { settings, file } = await start(t);
  await lagoStep.apply(settings, log);
  const lines: string[] = [];
  const heard = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  const LAGO_API_URL = await answering(t, 200, REFUSED);
  t.deepEqual(await lagoStep.apply({ ...settings, LAGO_API_URL }, heard), []);
  t.is(readFileSync(file, 'utf8'), TEST_ENV.LAGO_WEBHOOK_HMAC_KEY);
  t.regex(lines.join(''), /secrets\/lago_admin_password/);
  t.false(lines.join('').includes(TEST_ENV.LAGO_WEBHOOK_HMAC_KEY));
});

test('a refused password is told with what to do, and without the password', async (t) => {
  const { settings } = await start(t);
  const LAGO_API_URL = await answering(t, 200, REFUSED);
  const error = await t.throwsAsync(lagoStep.apply({ ...settings, LAGO_API_URL }, log), { instanceOf: SetupFailure });
  t.regex(error.why, /operator@example.test/);
  t.regex(error.fix, /secrets\/lago_admin_password/);
  t.false(`${error.what}${error.why}${error.fix}`.includes(settings.LAGO_ADMIN_PASSWORD));
});

test('an operator of several organisations, a broken answer and no answer are failures that say so', async (t) => {
  const { settings } = await start(t);
  const organizations = [{ id: 'a' }, { id: 'b' }];
  const several = JSON.stringify({ data: { loginUser: { token: 't', user: { organizations } } } });
  const cases: [string, RegExp][] = [
    [await answering(t, 200, several), /2 organisations/],
    [await answering(t, 500, '<html>'), /500/],
    [await answering(t, 200, '{"data":null,"errors":[{"message":"boom"}]}'), /boom/],
    ['http://127.0.0.1:1', /ECONNREFUSED|bad port/],
  ];
  for (const [LAGO_API_URL, why] of cases) {
    const error = await t.throwsAsync(lagoStep.apply({ ...settings, LAGO_API_URL }, log), { instanceOf: SetupFailure });
    t.regex(error.why, why);
  }
});
