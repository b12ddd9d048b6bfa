import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';

const SCRIPT = fileURLToPath(new URL('../../services/common/with-secrets.sh', import.meta.url));
const SHOW = ['sh', '-c', 'env'];

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Under each shell that an image may have as sh. */
function run(shell: string, env: Record<string, string>, command: readonly string[] = SHOW): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(shell, [SCRIPT, ...command], { env: { PATH: '/usr/bin:/bin', ...env } }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

function secretsOf(t: ExecutionContext, secrets: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'secrets-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  for (const [name, value] of Object.entries(secrets)) writeFileSync(join(folder, name), value);
  return folder;
}

for (const shell of ['dash', 'bash']) {
  test(`${shell}: gives the content of every file under the secrets' folder, as it is`, async (t) => {
    const odd = `a b'c"d$(touch x)\`y\`\\n*`;
    const dir = secretsOf(t, { plain: 'value\n', odd, empty: '', pem: 'line 1\nline 2\n' });
    const { code, stdout } = await run(shell, {
      WITH_SECRETS_DIR: dir,
      PLAIN_FILE: join(dir, 'plain'),
      ODD_FILE: join(dir, 'odd'),
      EMPTY_FILE: join(dir, 'empty'),
      PEM_FILE: join(dir, 'pem'),
    });
    t.is(code, 0);
    for (const line of ['PLAIN=value', `ODD=${odd}`, 'EMPTY=', 'PEM=line 1\nline 2'])
      t.true(stdout.includes(`${line}\n`), line);
    t.notRegex(stdout, /_FILE=|WITH_SECRETS_DIR|unreadable|newline/);
  });

  test(`${shell}: names every file that cannot be read, and does not start`, async (t) => {
    const dir = secretsOf(t, { good: 'x', folder_not: 'x' });
    const { code, stdout, stderr } = await run(shell, {
      WITH_SECRETS_DIR: dir,
      GOOD_FILE: join(dir, 'good'),
      ONE_FILE: join(dir, 'one'),
      TWO_FILE: join(dir, 'two'),
    });
    t.is(code, 20);
    t.is(stdout, '');
    t.regex(stderr, /ONE_FILE=.*one/);
    t.regex(stderr, /TWO_FILE=.*two/);
    t.notRegex(stderr, /GOOD/);
    for (const part of ['WHAT', 'WHY', 'FIX', 'CODE  20']) t.true(stderr.includes(part), part);
  });

  test(`${shell}: leaves other variables alone that end in _FILE`, async (t) => {
    const dir = secretsOf(t, { secret: 'x' });
    const { code, stdout } = await run(shell, {
      WITH_SECRETS_DIR: dir,
      SSL_CERT_FILE: '/etc/ssl/certs/none.crt',
      _FILE: join(dir, 'secret'),
      TEXT: `first\nFAKE_FILE=${join(dir, 'secret')}`,
    });
    t.is(code, 0);
    t.regex(stdout, /^SSL_CERT_FILE=\/etc\/ssl\/certs\/none\.crt$/m);
    t.notRegex(stdout, /^(SSL_CERT|FAKE)=/m);
  });

  test(`${shell}: a variable that is set wins over its file`, async (t) => {
    const dir = secretsOf(t, { secret: 'from the file' });
    const env = { WITH_SECRETS_DIR: dir, NAME: 'from the environment', NAME_FILE: join(dir, 'secret') };
    t.regex((await run(shell, env)).stdout, /^NAME=from the environment$/m);
    t.regex((await run(shell, { ...env, NAME: '' })).stdout, /^NAME=from the file$/m);
  });

  test(`${shell}: becomes the command, with its arguments and its exit code`, async (t) => {
    const dir = secretsOf(t, {});
    const script = 'printf "%s|" "$@"; exit 7';
    const { code, stdout } = await run(shell, { WITH_SECRETS_DIR: dir }, ['sh', '-c', script, 'x', 'a b', '*', '']);
    t.is(code, 7);
    t.is(stdout, 'a b|*||');
  });
}
