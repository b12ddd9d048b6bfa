import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { pino } from 'pino';
import { sandboxEnv, startTestSandbox } from '#test/support/matrix-world.ts';
import { inherited } from '#test/support/processes.ts';
import { atEnd, createTestApp, createTestDatabase, testEnv } from '#test/support/stack.ts';
import { catalogueStep } from './setup/catalogue/step.ts';

const main = (name: string) => fileURLToPath(new URL(`${name}.ts`, import.meta.url));
const DOWN = 'http://127.0.0.1:1';

interface Ended {
  code: number;
  out: string;
  err: string;
}

const run = (script: string, args: string[], env: Record<string, string>): Promise<Ended> =>
  new Promise((resolve) => {
    const options = { env: { ...inherited(), ...env } };
    execFile(process.execPath, [main(script), ...args], options, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    );
  });

function setupEnv(t: ExecutionContext): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'bastide-bootstrap-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return {
    BOOTSTRAP_DIR: folder,
    BOOTSTRAP_TIMEOUT_MS: '1',
    LAGO_WEBHOOK_HMAC_KEY: '',
    LAGO_WEBHOOK_HMAC_KEY_FILE: join(folder, 'lago_webhook_hmac_key'),
    OPERATOR_EMAIL: 'operator@example.test',
    LAGO_ADMIN_PASSWORD: 'password',
    S3_ENDPOINT: DOWN,
    S3_ROOT_USER: 'root',
    S3_ROOT_PASSWORD: 'password',
    S3_BASTIDE_SECRET_KEY: 'bastide-secret',
    S3_LAGO_SECRET_KEY: 'lago-secret',
    S3_BACKUP_SECRET_KEY: 'backup-secret',
    KEYCLOAK_URL: DOWN,
    KEYCLOAK_ADMIN_CLIENT_SECRET: 'secret',
    DOMAIN: 'example.test',
    FIRST_ADMIN_PASSWORD: 'password',
    GRAFANA_OIDC_CLIENT_SECRET: 'secret',
  };
}

test('names every wrong setting of every step at once', async (t) => {
  const { code, err } = await run('bootstrap', ['apply'], { ...setupEnv(t), S3_ENDPOINT: 'nowhere', DOMAIN: '' });
  t.is(code, 78);
  for (const name of ['S3_ENDPOINT', 'DOMAIN', 'DATABASE_URL', 'SMTP_URL']) t.true(err.includes(`${name}:`), name);
  t.false(err.includes('LAGO_WEBHOOK_HMAC_KEY'), 'the first step makes it');
});

test('services that are down are told each with what to do, and what needs them is left out', async (t) => {
  const database = await createTestDatabase();
  t.teardown(() => database.drop());
  const { code, out, err } = await run('bootstrap', ['apply'], { ...testEnv(database), ...setupEnv(t) });
  t.is(code, 1);
  t.deepEqual(err.match(/WHAT {2}\S+/g), ['WHAT  lago-api', 'WHAT  objectstore', 'WHAT  keycloak']);
  t.is(err.match(/FIX {3}look at "docker compose logs/g)?.length, 3);
  t.true(out.includes('catalogue: left out'));
  t.is((await run('bootstrap', ['destroy'], {})).code, 64);
});

test('one service that is down does not keep the others from being set up', async (t) => {
  const sandbox = await startTestSandbox(atEnd(t));
  const app = await createTestApp(atEnd(t), sandboxEnv(sandbox));
  const env = { ...app.env, ...setupEnv(t), BOOTSTRAP_TIMEOUT_MS: '200' };
  const planned = await run('bootstrap', ['plan'], env);
  t.is(planned.code, 1);
  t.true(planned.out.includes('✔ lago: 1 change\n'), planned.out);
  const first = await run('bootstrap', ['apply'], env);
  t.regex(first.out, /✔ catalogue: \d+ changes/);
  const second = await run('bootstrap', ['apply'], env);
  t.true(second.out.endsWith('\n0 changes\n'), second.out);
  t.is(second.err.match(/WHAT/g)?.length, 2);
});

test('the catalogue’s step plans, applies and then finds nothing to do', async (t) => {
  const sandbox = await startTestSandbox(atEnd(t));
  const { config } = await createTestApp(atEnd(t), sandboxEnv(sandbox));
  const log = pino({ level: 'silent' });
  const planned = await catalogueStep.plan(config, log);
  t.true(planned.some(({ what }) => what.includes('webhook endpoint')));
  t.deepEqual(await catalogueStep.apply(config, log), planned);
  t.deepEqual(await catalogueStep.apply(config, log), []);
  const moved = { ...config, LAGO_WEBHOOK_URL: 'http://api:4000/webhooks/lago' };
  t.deepEqual(await catalogueStep.apply(moved, log), [{ what: '~ webhook endpoint http://api:4000/webhooks/lago' }]);
});

test('the database is migrated before anything else is known, and twice is once', async (t) => {
  const database = await createTestDatabase();
  t.teardown(() => database.drop());
  const env = { DATABASE_URL: database.url, LOG_LEVEL: 'info', NODE_ENV: 'test' };
  const first = await run('migrate', [], env);
  t.is(first.code, 0, first.err);
  t.regex(first.out, /"applied":[1-9]/);
  t.regex((await run('migrate', [], env)).out, /"applied":0/);
  t.is((await run('migrate', [], {})).code, 78);
  t.is((await run('migrate', [], { ...env, DATABASE_URL: 'mysql://nobody:x@127.0.0.1:1/x' })).code, 1);
});
