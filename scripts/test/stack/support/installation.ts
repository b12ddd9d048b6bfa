import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { healthy } from './docker.ts';
import { trustLocalAuthority } from './names.ts';
import { domain, folder, httpPort, httpsPort, project, runFolder } from './setting.ts';
import { type Killed, type Result, output, run } from './shell.ts';

export const ROOT = join(import.meta.dirname, '../../../..');
export const OPERATOR = `operator@${domain}`;

/** What an operator brings along; the values are those of the `outside` service in compose.standins.yml. */
const SECRETS = {
  stripe_secret_key: 'sk_test_stack',
  stripe_webhook_secret: 'whsec_stack',
  llm_upstream_key: 'sk-upstream-stack',
  alert_webhook_url: 'http://outside:8013/alerts',
};
const SETTINGS = {
  COMPOSE_PROJECT_NAME: project,
  STRIPE_API_URL: 'http://outside:8010',
  LLM_UPSTREAM_URL: 'http://outside:8012/v1',
  SMTP_HOST: 'outside',
  SMTP_PORT: '2525',
  // Slow machines share their cores with the tests.
  BACKUP_SCHEDULE: 'off',
};

/** A fresh clone with what is changed here and not committed yet, as a commit: a folder as an operator has it. */
export async function clone(): Promise<void> {
  if (existsSync(join(folder, '.git'))) return;
  await output('git', ['clone', '--quiet', '--no-hardlinks', ROOT, folder]);
  const copy =
    'git ls-files -z --cached --others --exclude-standard | xargs -0 sh -c \'for f; do [ ! -e "$f" ] || printf "%s\\0" "$f"; done\' _ | tar -c --null -T - | tar -x -C "$0"';
  await output('bash', ['-o', 'pipefail', '-c', copy, folder], { cwd: ROOT });
  const removed = (await output('git', ['ls-files', '--deleted'], { cwd: ROOT })).split('\n').filter(Boolean);
  if (removed.length > 0) await output('git', ['rm', '--quiet', '--', ...removed], { cwd: folder });
  await commit('what is not committed yet');
}

export async function commit(subject: string): Promise<string> {
  const as = ['-c', 'user.name=Stack test', '-c', 'user.email=test@stack.test'];
  await output('git', ['add', '--all'], { cwd: folder });
  await output('git', [...as, 'commit', '--quiet', '--allow-empty', '--message', subject], { cwd: folder });
  return (await output('git', ['rev-parse', 'HEAD'], { cwd: folder })).trim();
}

export function installArguments(): string[] {
  const secrets = join(runFolder, 'secrets');
  mkdirSync(secrets, { recursive: true, mode: 0o700 });
  for (const [name, value] of Object.entries(SECRETS)) writeFileSync(join(secrets, name), value, { mode: 0o600 });
  return [
    ...['--mode', 'local', '--domain', domain, '--email', OPERATOR, '--size', 's', '--yes'],
    ...['--http-port', String(httpPort), '--https-port', String(httpsPort)],
    ...Object.entries(SETTINGS).flatMap(([name, value]) => ['--set', `${name}=${value}`]),
    ...Object.keys(SECRETS).flatMap((name) => ['--secret-file', `${name}=${join(secrets, name)}`]),
  ];
}

export const install = (options: { killed?: Killed; args?: string[] } = {}): Promise<Result> =>
  run('scripts/install.sh', options.args ?? installArguments(), {
    cwd: folder,
    env: { ...process.env, ...standins(), BASTIDE_HEALTH_TIMEOUT: '420' },
    ...(options.killed && { killed: options.killed }),
  });

const standins = () =>
  process.env['STACK_IMAGES'] === 'real' ? {} : { BASTIDE_COMPOSE_EXTRA: 'scripts/test/compose.standins.yml' };

/** For the files that need a stack and do not care how it came up. */
export async function ensureInstalled(): Promise<void> {
  if (!existsSync(join(folder, '.bastide/appliance'))) {
    await clone();
    const result = await install();
    if (result.code !== 0) throw new Error(`scripts/install.sh ended with ${result.code}:\n${result.output}`);
  }
  trustLocalAuthority();
  await healthy('the installed stack');
}
